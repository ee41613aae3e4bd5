import { describe, expect, it } from 'vitest';
import type { Authenticator } from '../../../../src/contract/http/shapes.ts';
import { inOrder, isWorkingWay, waysWithout } from '../../../../src/renderer/ui/working-ways.ts';
import { authenticator } from '../../../support/shapes.ts';

const one = (name: string, more: Partial<Authenticator> = {}) => authenticator({ id: name, name, ...more });
const blue = one('blue', { preferred: true, addedAt: '2026-09-10T09:00:00.000Z' });
const spare = one('spare');
const stopped = one('stopped', { state: 'suspended' });
const office = one('office', { kind: 'desktop', addedAt: '2026-01-01T09:00:00.000Z' });

const codes = one('codes', { kind: 'totp' });
const sheet = one('sheet', { kind: 'recovery-codes', spareCodesLeft: 10 });

describe('ways', () => {
  it('are all that work day after day; a sheet is a way back', () => {
    const all = [blue, spare, stopped, office, codes, sheet];
    expect(all.map((way) => isWorkingWay(way, true))).toEqual([true, true, false, true, true, false]);
    expect(all.map((way) => isWorkingWay(way, false))).toEqual([true, true, false, false, true, false]);
  });

  it('know which is the last', () => {
    expect(waysWithout([blue, spare, office], blue, true)).toEqual({ left: 2, isLast: false });
    expect(waysWithout([blue, stopped, sheet], blue, true)).toEqual({ left: 0, isLast: true });
    expect(waysWithout([stopped, office], office, true)).toEqual({ left: 0, isLast: true });
    expect(waysWithout([blue, office], blue, false)).toEqual({ left: 0, isLast: true });
    expect(waysWithout([blue, sheet], sheet, true)).toEqual({ left: 1, isLast: false });
  });

  it('stand in order: first choice, keys, computers, codes, the sheet', () => {
    expect(inOrder([sheet, codes, office, stopped, spare, blue]).map(({ id }) => id)).toEqual([
      'blue',
      'stopped',
      'spare',
      'office',
      'codes',
      'sheet',
    ]);
  });
});
