import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultKeyName } from '../../../../src/renderer/ui/key-name.ts';
import { en } from '../../../../src/renderer/ui/messages/en.ts';

describe('the name that stands there first', () => {
  it.each([
    [[], 0, 'My key'],
    [['My key'], 1, 'Spare key'],
    [['My key', 'Spare key'], 2, 'Key 3'],
    [['Blue key', 'Spare key'], 1, 'Key 2'],
    [['a', 'b', 'Key 3'], 2, 'Key 4'],
  ] as const)('beside %j is %s', (taken, keys, name) => {
    expect(defaultKeyName(taken, keys, en.ways)).toBe(name);
  });

  it('is never taken', () => {
    const names = fc.array(
      fc.oneof(
        fc.constantFrom('My key', 'Spare key'),
        fc.integer({ min: 1, max: 9 }).map((n) => `Key ${n}`),
      ),
    );
    fc.assert(fc.property(names, fc.nat(9), (taken, keys) => !taken.includes(defaultKeyName(taken, keys, en.ways))));
  });
});
