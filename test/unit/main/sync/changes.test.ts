import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openChangeQueue, type WhatChanged } from '../../../../src/main/sync/changes.ts';

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

const made = (change: WhatChanged, seen = 0) => ({ deviceId: DEVICE, authenticatorId: KEY, about: 'Blue key', change, seen });

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
  const keys = waiting(999);
  const queue = openChangeQueue(file, () => NOW);
  const last = queue.add(made({ kind: 'prefer' }));
  expect(queue.waiting().map(({ key }) => key)).toEqual([...keys, last.key]);
  const kept = readFileSync(file, 'utf8');

  expect(() => queue.add(made({ kind: 'remove' }))).toThrow(expect.objectContaining({ code: 'changes.too-many', detail: { most: 1_000 } }));
  expect(queue.waiting().map(({ key }) => key)).toEqual([...keys, last.key]);
  expect(readFileSync(file, 'utf8')).toBe(kept);
  expect(openChangeQueue(file, () => NOW).waiting()).toEqual(queue.waiting());

  // One that the backend has done makes room.
  queue.settle([{ key: keys[0] ?? '', outcome: 'done', code: null }], new Set());
  const late = queue.add(made({ kind: 'remove' }));
  expect(queue.waiting().map(({ key }) => key)).toEqual([...keys.slice(1), last.key, late.key]);
});

test('a later change is later, also after the first was confirmed, a restart, and a clock that went back', () => {
  let now = NOW;
  const rename = (name: string) => openChangeQueue(file, () => now).add(made({ kind: 'rename', name }));
  const first = rename('Green key');
  openChangeQueue(file, () => now).settle([{ key: first.key, outcome: 'done', code: null }], new Set());
  expect(openChangeQueue(file, () => now).waiting()).toEqual([]);
  now -= 3_000;
  expect(Date.parse(rename('Red key').madeAt)).toBe(NOW + 1);
  now += 60_000;
  expect(Date.parse(rename('White key').madeAt)).toBe(now);
});

test('a change is later than what the person saw when they made it, also where this computer is behind', () => {
  const queue = openChangeQueue(file, () => NOW);
  expect(Date.parse(queue.add(made({ kind: 'prefer' }, NOW - 5_000)).madeAt)).toBe(NOW);
  expect(Date.parse(queue.add(made({ kind: 'prefer' }, NOW + 1_900)).madeAt)).toBe(NOW + 1_900);
});

test('a clock that was far ahead counts until the backend has answered, and no longer', () => {
  let now = NOW + 100 * 365 * 86_400_000;
  const first = openChangeQueue(file, () => now).add(made({ kind: 'prefer' }));
  now = NOW;
  const queue = openChangeQueue(file, () => now);
  const second = queue.add(made({ kind: 'prefer' }));
  expect(Date.parse(second.madeAt)).toBe(Date.parse(first.madeAt) + 1);
  queue.settle(
    [first, second].map(({ key }) => ({ key, outcome: 'done' as const, code: null })),
    new Set(),
  );
  now += 1_000;
  expect(Date.parse(openChangeQueue(file, () => now).add(made({ kind: 'prefer' })).madeAt)).toBe(now);
});

test('what waits in a file that cannot be read for a while is not written over, and is there when it can', () => {
  const [key] = waiting(1);
  const kept = readFileSync(file, 'utf8');
  rmSync(file);
  // Root may read every file: but a folder is none.
  mkdirSync(file);
  const queue = openChangeQueue(file, () => NOW);
  queue.belongTo(DEVICE);
  expect(() => queue.add(made({ kind: 'prefer' }))).toThrow(expect.objectContaining({ code: 'file.unwritable' }));
  rmSync(file, { recursive: true });
  writeFileSync(file, kept);
  const last = queue.add(made({ kind: 'prefer' }));
  expect(queue.waiting().map((each) => each.key)).toEqual([key, last.key]);
  expect(openChangeQueue(file, () => NOW).waiting()).toEqual(queue.waiting());
});

test('what waits in it for another device id is not kept, also where it can be read only later', () => {
  waiting(2);
  const kept = readFileSync(file, 'utf8');
  rmSync(file);
  mkdirSync(file);
  const queue = openChangeQueue(file, () => NOW);
  queue.belongTo('E'.repeat(22));
  rmSync(file, { recursive: true });
  writeFileSync(file, kept);
  expect(queue.waiting()).toEqual([]);
});

test('an answer that cannot be written down leaves the change waiting, to be sent again with its key', () => {
  const queue = openChangeQueue(file, () => NOW);
  const { key } = queue.add(made({ kind: 'prefer' }));
  const answer = [{ key, outcome: 'done' as const, code: null }];
  rmSync(folder, { recursive: true });
  expect(() => queue.settle(answer, new Set())).toThrow(expect.objectContaining({ code: 'file.unwritable' }));
  expect(queue.waiting().map((each) => each.key)).toEqual([key]);
  mkdirSync(folder);
  queue.settle(answer, new Set());
  expect(openChangeQueue(file, () => NOW).waiting()).toEqual([]);
});
