/**
 * Changes that were made at this computer and that the backend has not confirmed: on the disk before the person is told
 * that they are made, each with a key that makes it happen once however often it is sent. Names, no secret.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DoorstepError, type ErrorCode, isErrorCode } from '../../contract/errors.ts';
import type { Authenticator } from '../../contract/http/shapes.ts';
import { type ChangeResult, DeviceChange } from '../../contract/http/sync.ts';
import { type Parsed, parseTolerant } from '../../contract/parse.ts';
import { removeDurably, writeDurably } from '../app/durable-file.ts';

export type Change = Parsed<typeof DeviceChange>;
export type WhatChanged = Change['change'];

/** A change as it is made. */
export interface NewChange {
  readonly deviceId: string;
  readonly authenticatorId: string;
  /** Names what it is about, should it be refused. */
  readonly about: string;
  readonly change: WhatChanged;
  /** The backend's time of what the person saw when they made it, milliseconds since 1970; 0: not known. */
  readonly seen: number;
}

/** A change that the backend refused after the person was told that it is made. */
export interface Refusal {
  readonly key: string;
  readonly code: ErrorCode;
  /** What it was about: the name of the authenticator. */
  readonly about: string;
}

export interface ChangeQueue {
  /** Oldest first. */
  waiting(): readonly Change[];
  refusals(): readonly Refusal[];
  /**
   * Makes a change: it is on the disk when this returns.
   *
   * @throws DoorstepError disk.full, file.unwritable; changes.too-many where no more can wait: none of those is given up
   */
  add(made: NewChange): Change;
  /** What the backend said. Refusals stay, to be told, but for those of `told`, whose person waits for the answer. */
  settle(results: readonly ChangeResult[], told: ReadonlySet<string>): void;
  dismiss(key: string): void;
  /** Forgets everything that was not made on this device id. */
  belongTo(deviceId: string): void;
  /** @throws DoorstepError file.unwritable */
  forget(): void;
}

interface Kept {
  readonly deviceId: string | null;
  /** When the last change was made, also after it was confirmed; milliseconds since 1970. */
  readonly lastAt: number;
  readonly changes: readonly (Change & { readonly about: string })[];
  readonly refusals: readonly Refusal[];
}

const NOTHING: Kept = { deviceId: null, lastAt: 0, changes: [], refusals: [] };
/** More than a person makes; what is read and written at each change stays small. */
const LONGEST_QUEUE = 1_000;
/** What the time of the last change may be ahead by, milliseconds: many in a row, or a slow answer that was taken for a wrong clock. */
const FAR_AHEAD = 60_000;

/** `now`: the backend's time as far as it is known, milliseconds since 1970. */
export function openChangeQueue(file: string, now: () => number): ChangeQueue {
  let known: Kept | null = null;
  let owner: string | null = null;
  const isForeign = ({ deviceId }: Kept) => owner !== null && deviceId !== null && deviceId !== owner;
  const have = (): Kept => {
    known ??= read(file);
    if (known !== null && isForeign(known)) known = { ...NOTHING, deviceId: owner };
    return known ?? NOTHING;
  };
  const keep = (next: Kept) => {
    // Changes may wait in a file that cannot be read now: it is not written over.
    if (known === null) throw new DoorstepError('file.unwritable');
    writeDurably(file, JSON.stringify(next));
    known = next;
  };
  return {
    waiting: () => have().changes.map(({ about: _about, ...change }) => change),
    refusals: () => have().refusals,
    add({ deviceId, authenticatorId, about, change, seen }) {
      const kept = have();
      if (kept.changes.length >= LONGEST_QUEUE) throw new DoorstepError('changes.too-many', { most: LONGEST_QUEUE });
      // Two changes of one moment keep their order, also where what is known of the backend's time has gone back. And it is
      // later than what the person saw, however roughly this computer knows the time: they meant to change that.
      const lastAt = Math.max(now(), seen, kept.lastAt + 1);
      const madeAt = new Date(lastAt).toISOString();
      const made: Change = { key: randomBytes(16).toString('base64url'), madeAt, authenticatorId, change };
      keep({ ...kept, deviceId, lastAt, changes: [...kept.changes, { ...made, about }] });
      return made;
    },
    settle(results, told) {
      const kept = have();
      const outcome = new Map(results.map((result) => [result.key, result]));
      const refusals = kept.changes.flatMap(({ key, about }): Refusal[] => {
        const result = outcome.get(key);
        if (result?.outcome !== 'refused' || told.has(key)) return [];
        return [{ key, about, code: isErrorCode(result.code) ? result.code : 'internal' }];
      });
      const changes = kept.changes.filter(({ key }) => !outcome.has(key));
      // The backend has answered, so its time is known. What a clock far ahead has said must not count for ever: each later
      // change would seem to be made when it is sent, and stand against what others changed in between.
      const lastAt = kept.lastAt > now() + FAR_AHEAD ? now() : kept.lastAt;
      keep({ ...kept, lastAt, changes, refusals: [...kept.refusals, ...refusals] });
    },
    dismiss(key) {
      const kept = have();
      if (kept.refusals.some((refusal) => refusal.key === key)) {
        keep({ ...kept, refusals: kept.refusals.filter((refusal) => refusal.key !== key) });
      }
    },
    belongTo(deviceId) {
      const before = have();
      owner = deviceId;
      if (isForeign(before)) keep({ ...NOTHING, deviceId });
    },
    forget() {
      known = NOTHING;
      owner = null;
      removeDurably(file);
    },
  };
}

/** The person's ways as they will be once the backend has done what waits. */
export function withChanges(authenticators: readonly Authenticator[], changes: readonly Change[]): readonly Authenticator[] {
  let view = authenticators;
  for (const { authenticatorId: id, change } of changes) {
    switch (change.kind) {
      case 'rename':
        view = view.map((each) => (each.id === id ? { ...each, name: change.name } : each));
        break;
      case 'prefer':
        if (view.some((each) => each.id === id)) view = view.map((each) => ({ ...each, preferred: each.id === id }));
        break;
      case 'remove':
        view = view.filter((each) => each.id !== id);
        break;
    }
  }
  return view;
}

/** Null where there is a file that cannot be read. */
function read(file: string): Kept | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? NOTHING : null;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('deviceId' in value) || !('changes' in value) || !('refusals' in value))
      return NOTHING;
    const { deviceId, changes, refusals } = value;
    if (typeof deviceId !== 'string' || !Array.isArray(changes) || !Array.isArray(refusals)) return NOTHING;
    const waiting = changes.flatMap((each: unknown) => {
      const change = parseTolerant(DeviceChange, each);
      return change === null ? [] : [{ ...change, about: textOf(each, 'about') }];
    });
    const lastAt = 'lastAt' in value && Number.isSafeInteger(value.lastAt) ? Number(value.lastAt) : 0;
    return {
      deviceId,
      lastAt: Math.max(lastAt, ...waiting.map(({ madeAt }) => Date.parse(madeAt) || 0)),
      changes: waiting,
      refusals: refusals.flatMap((each: unknown) => {
        const code = textOf(each, 'code');
        return isErrorCode(code) ? [{ key: textOf(each, 'key'), about: textOf(each, 'about'), code }] : [];
      }),
    };
  } catch {
    return NOTHING;
  }
}

function textOf(value: unknown, name: string): string {
  const text: unknown = typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
  return typeof text === 'string' ? text : '';
}
