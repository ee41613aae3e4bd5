import { describe, expect, it } from 'vitest';
import { digitsOf, groupsOf, spelled } from '../../../../src/renderer/ui/digits.ts';
import { shownName } from '../../../../src/renderer/ui/shown-name.ts';

describe('digits', () => {
  it.each([
    ['193204', ['193', '204']],
    ['60318427', ['6031', '8427']],
    ['12', ['12']],
    ['1234', ['1234']],
    ['12345', ['123', '45']],
    ['1234567', ['1234', '567']],
    ['', []],
  ])('%s stands in groups', (code, groups) => {
    expect(groupsOf(code)).toEqual(groups);
  });

  it('are read one by one', () => {
    expect(spelled('193 204')).toBe('1 9 3 2 0 4');
    expect(spelled('KTRW-4NHD')).toBe('K T R W 4 N H D');
  });

  it.each([
    [' 482 913\n', '482913'],
    ['482-913-777', '482913'],
    ['482\u00a0913', '482913'],
    ['٤٨٢٩١٣', '482913'],
    ['۴۸۲۹۱۳', '482913'],
    ['４８２９１３', '482913'],
    ['4a8b2c', '482'],
    ['', ''],
  ])('%j is taken as %j', (typed, digits) => {
    expect(digitsOf(typed, 6)).toBe(digits);
  });
});

describe('names from elsewhere', () => {
  it('lose what hides or turns round, and end', () => {
    expect(shownName('Bank\u202e\u0000 of\n\tNorthmoor ')).toBe('Bank of Northmoor');
    expect(shownName('x'.repeat(10_000))).toHaveLength(80);
    expect(shownName('x'.repeat(10_000)).endsWith('…')).toBe(true);
    expect(shownName('😀'.repeat(100), 3)).toBe('😀😀…');
    expect(shownName('Library')).toBe('Library');
  });
});
