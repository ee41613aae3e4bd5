import { describe, expect, it } from 'vitest';
import { aboutOf, codeAt, findCodes, placeAfterDrop, titleOf } from '../../../../src/renderer/app/codes/code-list.ts';
import { EMPTY_FORM, seedOf } from '../../../../src/renderer/app/codes/typed-seed.ts';
import { doorCode, libraryCode, northmoorCode, payrollCode, shownCode } from '../../../e2e/pages/app-states.ts';

const words = { unnamed: 'No name' };
const named = (name: string, issuer: string, account: string) => ({ name, issuer, account });

describe('names of codes', () => {
  it('are the person’s own first, and nothing is said twice', () => {
    expect(titleOf(named('Work', 'Bank', 'amina'), words)).toBe('Work');
    expect(aboutOf(named('Work', 'Bank', 'amina'), words)).toBe('Bank, amina');
    expect(titleOf(named('', 'Bank', 'amina'), words)).toBe('Bank');
    expect(aboutOf(named('', 'Bank', 'amina'), words)).toBe('amina');
    expect(titleOf(named('', '', 'amina'), words)).toBe('amina');
    expect(aboutOf(named('', '', 'amina'), words)).toBe('');
    expect(titleOf(named('', '\u202e', ' '), words)).toBe('No name');
  });
});

describe('finding', () => {
  const all = [northmoorCode, libraryCode, payrollCode, doorCode, { ...libraryCode, id: 'cafe', issuer: 'Café Müller' }];
  it.each([
    ['', 5],
    ['  ', 5],
    ['LIB', 1],
    ['yusuf', 2],
    ['yusuf north', 1],
    ['cafe muller', 1],
    ['nothing like it', 0],
  ])('%j finds %d', (typed, found) => {
    expect(findCodes(all, typed)).toHaveLength(found);
  });
});

describe('a code at an instant', () => {
  const shown = shownCode(libraryCode, 1_000_000, '740586', '318204');
  it.each([
    [1_000_000, '740586', 30, null],
    [1_000_001, '740586', 30, null],
    [1_011_000, '740586', 19, null],
    [1_024_999, '740586', 6, null],
    [1_025_000, '740586', 5, '318204'],
    [1_029_999, '740586', 1, '318204'],
    [1_030_000, '318204', 30, null],
    [1_059_999, '318204', 1, null],
    [999_000, '740586', 30, null],
  ])('%d', (time, code, left, next) => {
    expect(codeAt(shown, time)).toEqual({ code, left, period: 30, next });
  });

  it('is none before main has told one, after both have ended, and where codes come when asked', () => {
    expect(codeAt(undefined, 0)).toBeNull();
    expect(codeAt(shown, 1_060_000)).toBeNull();
    expect(codeAt({ ...shown, next: null }, 1_030_000)).toBeNull();
    expect(codeAt({ ...shown, next: null, until: null }, 1_000_000)).toBeNull();
  });
});

it('a dropped row lands where the line showed', () => {
  expect([0, 1, 2, 3, 4].map((before) => placeAfterDrop(2, before))).toEqual([0, 1, 2, 2, 3]);
});

describe('a typed seed', () => {
  const form = { ...EMPTY_FORM, issuer: ' Library ', secret: ' jbsw y3dp ' };
  it('is what stands there, the rest as nearly every site has it', () => {
    expect(seedOf(form)).toEqual({
      seed: { kind: 'totp', issuer: 'Library', account: '', secret: 'jbsw y3dp', algorithm: 'SHA1', digits: 6, period: 30, counter: 0 },
    });
    expect(seedOf({ ...form, kind: 1, digits: 1, algorithm: 2, counter: '7', period: 'x' })).toEqual({
      seed: { kind: 'hotp', issuer: 'Library', account: '', secret: 'jbsw y3dp', algorithm: 'SHA512', digits: 8, period: 30, counter: 7 },
    });
  });

  it.each([
    [{ issuer: '', account: ' ' }, 'issuer'],
    [{ secret: ' ' }, 'secret'],
    [{ period: '14' }, 'period'],
    [{ period: '121' }, 'period'],
    [{ period: '3O' }, 'period'],
    [{ kind: 1, counter: '-1' }, 'counter'],
    [{ kind: 1, counter: '9999999999999999' }, 'counter'],
  ])('%j: %s is to be mended', (change, fault) => {
    expect(seedOf({ ...form, ...change })).toEqual({ fault });
  });
});
