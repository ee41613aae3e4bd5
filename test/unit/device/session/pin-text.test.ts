import { describe, expect, it } from 'vitest';
import { canBePin, hashPin, newPinFault, padPin, readPin } from '../../../../src/device/session/pin-text.ts';

const bounds = { min: 4, max: 63 };
const fault = (typed: string, more = bounds) => newPinFault(readPin(typed), more);

describe('a PIN', () => {
  it('is counted in code points of its NFC form', () => {
    expect(readPin('1234').length).toBe(4);
    expect(readPin('\u{1F511}\u{1F511}').length).toBe(2);
    // e and the combining acute become one.
    expect(readPin('e\u0301').length).toBe(1);
    expect(Buffer.from(readPin('e\u0301').bytes).toString('hex')).toBe('c3a9');
  });

  it.each([
    ['', 'too-short'],
    ['123', 'too-short'],
    ['\u{1F511}\u{1F511}\u{1F511}', 'too-short'],
    ['1234', null],
    ['x'.repeat(63), null],
    ['x'.repeat(64), 'too-long'],
    ['\u00e9'.repeat(31), null],
    ['\u00e9'.repeat(32), 'too-long'],
    ['1234\u0000', 'ends-in-zero'],
    ['12\u000034', null],
  ])('%j: %s', (typed, expected) => {
    expect(fault(typed)).toBe(expected);
    expect(canBePin(readPin(typed))).toBe(expected === null);
  });

  it('keeps to what the token says', () => {
    expect(fault('12345', { min: 6, max: 63 })).toBe('too-short');
    expect(fault('123456789', { min: 4, max: 8 })).toBe('too-long');
    expect(fault('123', { min: 1, max: 63 })).toBe('too-short');
  });

  it('is padded to 64 bytes, and hashed to 16', () => {
    expect(Buffer.from(padPin(readPin('1234'))).toString('hex')).toBe(`31323334${'00'.repeat(60)}`);
    // SHA-256 of "1234" begins so.
    expect(Buffer.from(hashPin(readPin('1234'))).toString('hex')).toBe('03ac674216f3e15c761ee1a5e255f067');
  });
});
