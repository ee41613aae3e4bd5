import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openChangeQueue } from '../../../../src/main/sync/changes.ts';

const DEVICE = 'D'.repeat(22);
const KEY = 'K'.repeat(22);
const NOW = Date.parse('2026-11-24T12:00:00.000Z');

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doorstep-changes-'));
  file = join(folder, 'changes.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file as it is after so many changes without a connection. */
const waiting = (count: number) => {
  const changes = Array.from({ length: count }, (_, at) => ({
    key: `change-${at}`.padEnd(22, '_'),
    madeAt: new Date(NOW + at).toISOString(),
    authenticatorId: KEY,
    change: { kind: 'rename', name: `Name ${at}` },
    about: 'Blue key',
  }));
  writeFileSync(file, JSON.stringify({ deviceId: DEVICE, changes, refusals: [] }));
  return changes.map(({ key }) => key);
};

test('as many wait as there is room for; the next is refused and none of them is given up', () => {
  const made = waiting(999);
  const queue = openChangeQueue(file, () => NOW);
  const last = queue.add(DEVICE, KEY, 'Blue key', { kind: 'prefer' });
  expect(queue.waiting().map(({ key }) => key)).toEqual([...made, last.key]);
  const kept = readFileSync(file, 'utf8');

  expect(() => queue.add(DEVICE, KEY, 'Blue key', { kind: 'remove' })).toThrow(
    expect.objectContaining({ code: 'changes.too-many', detail: { most: 1_000 } }),
  );
  expect(queue.waiting().map(({ key }) => key)).toEqual([...made, last.key]);
  expect(readFileSync(file, 'utf8')).toBe(kept);
  expect(openChangeQueue(file, () => NOW).waiting()).toEqual(queue.waiting());

  // One that the backend has done makes room.
  queue.settle([{ key: made[0] ?? '', outcome: 'done', code: null }], new Set());
  const late = queue.add(DEVICE, KEY, 'Blue key', { kind: 'remove' });
  expect(queue.waiting().map(({ key }) => key)).toEqual([...made.slice(1), last.key, late.key]);
});

test('a later change is later, also after the first was confirmed, a restart, and a clock that went back', () => {
  let now = NOW;
  const rename = (name: string) => openChangeQueue(file, () => now).add(DEVICE, KEY, 'Blue key', { kind: 'rename', name });
  const first = rename('Green key');
  openChangeQueue(file, () => now).settle([{ key: first.key, outcome: 'done', code: null }], new Set());
  expect(openChangeQueue(file, () => now).waiting()).toEqual([]);
  now -= 3_000;
  expect(Date.parse(rename('Red key').madeAt)).toBe(NOW + 1);
  now += 60_000;
  expect(Date.parse(rename('White key').madeAt)).toBe(now);
});
