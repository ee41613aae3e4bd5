import { describe, expect, it } from 'vitest';
import { newPinFault, pinLength } from '../../../../src/renderer/ui/pin-rule.ts';

describe('a new PIN', () => {
  it('is counted in code points, as the key counts it', () => {
    expect(pinLength('1234')).toBe(4);
    expect(pinLength('🗝🗝🗝🗝')).toBe(4);
    expect(pinLength('e\u0301e\u0301')).toBe(2);
  });

  it.each([
    ['1234', '1234', 6, { kind: 'short', typed: 4 }],
    ['', '', 4, { kind: 'short', typed: 0 }],
    ['123456', '123457', 6, { kind: 'differs' }],
    ['é'.repeat(32), 'é'.repeat(32), 4, { kind: 'long' }],
    ['1'.repeat(64), '1'.repeat(64), 4, { kind: 'long' }],
  ] as const)('%s with %s under a least of %i is refused', (pin, again, least, fault) => {
    expect(newPinFault(pin, again, least)).toEqual(fault);
  });

  it.each([
    ['123456', '123456', 6],
    ['1'.repeat(63), '1'.repeat(63), 4],
    ['caf\u00e9', 'cafe\u0301', 4],
  ] as const)('%s with %s under a least of %i is taken', (pin, again, least) => {
    expect(newPinFault(pin, again, least)).toBeNull();
  });
});
