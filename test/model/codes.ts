/** What the model knows of typed codes: which may be accepted, and what each leaves behind. */
import { hotp } from '../../src/oath/hotp.ts';
import { stepAt } from '../../src/oath/totp.ts';
import type { Invariants } from './invariants.ts';
import type { Scene } from './scene.ts';
import type { ModelEnrollment, ModelSource } from './state.ts';
import { demand } from './violation.ts';
import { FARTHEST_COUNTER, MOST_WRONG_CODES } from './world.ts';

const FORM = { algorithm: 'SHA1', digits: 6 } as const;
const COUNTERS = 10;
const FARTHEST_STEP = 21;
const LONGEST_DRIFT = 120;

export interface TypedCode {
  readonly code: string;
  /** Whether it lies in the narrow window, so that it must be accepted. */
  readonly due: boolean;
}

const here = (now: number): number => stepAt(now, 30);

/** The code that lies `ahead` positions beyond the one that is due; null: six digits that are no code of anybody. */
export function typedCode(sources: readonly ModelSource[], source: ModelSource, ahead: number | null, now: number): TypedCode {
  if (ahead === null) return { code: nobodysCode(sources, now), due: false };
  const expected = source.kind === 'totp' ? here(now) + source.drift : source.last + 1;
  const position = Math.max(0, expected + ahead);
  const near =
    source.kind === 'totp' ? Math.abs(ahead) <= 1 && Math.abs(position - here(now)) <= LONGEST_DRIFT : ahead >= 0 && ahead <= COUNTERS;
  return { code: hotp(source.seed, position, FORM), due: near && position > source.last && source.state === 'active' };
}

function nobodysCode(sources: readonly ModelSource[], now: number): string {
  for (let number = 0; ; number += 1) {
    const code = String(number).padStart(6, '0');
    if (sources.every((source) => reachable(source, now).every((position) => hotp(source.seed, position, FORM) !== code))) return code;
  }
}

/** Positions that could be accepted, now or by a resynchronization. */
function reachable(source: ModelSource, now: number): number[] {
  const [first, last] =
    source.kind === 'totp'
      ? [here(now) + source.drift - FARTHEST_STEP, here(now) + source.drift + FARTHEST_STEP + 1]
      : [source.last + 1, source.last + 1 + FARTHEST_COUNTER + COUNTERS];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
    (position) => position > source.last && !source.burned.has(position),
  );
}

/** A code was good: of a position that nobody had used, of a source that had not ended. It is burned from now on. */
export function burn(sources: readonly ModelSource[], invariants: Invariants, code: string, now: number): void {
  const found = sources.flatMap((source) =>
    invariants.hasEnded('authenticator', source.id)
      ? []
      : reachable(source, now).flatMap((position) => (hotp(source.seed, position, FORM) === code ? [{ source, position }] : [])),
  );
  demand(found.length > 0, 'I1, I4: a code was good that was burned, or of a source that had ended, or never was a code');
  // Where it happens to be a code of two sources, the store says which one it was of.
  for (const { source, position } of found) (found.length === 1 ? source.burned : source.maybeBurned).add(position);
}

/** A code came too late for its request: whether it was burned is read from the store. */
export function mayBurn(sources: readonly ModelSource[], code: string, now: number): void {
  for (const source of sources) {
    const position = reachable(source, now).find((one) => hotp(source.seed, one, FORM) === code);
    if (position !== undefined) source.maybeBurned.add(position);
  }
}

/** The code that proves an enrollment, `ahead` positions from where it is; null: one that proves nothing. */
export function provingCode(
  { kind, seed }: Pick<ModelEnrollment, 'kind' | 'seed'>,
  ahead: number | null,
  now: number,
): { readonly code: string; readonly position: number | null; readonly drift: number } {
  const expected = kind === 'totp' ? here(now) : 0;
  if (ahead !== null) return { code: hotp(seed, expected + ahead, FORM), position: expected + ahead, drift: kind === 'totp' ? ahead : 0 };
  const good = new Set(
    Array.from({ length: 2 * FARTHEST_STEP + 1 }, (_, index) => expected - FARTHEST_STEP + index).flatMap((position) =>
      position < 0 ? [] : [hotp(seed, position, FORM)],
    ),
  );
  for (let number = 0; ; number += 1) {
    const code = String(number).padStart(6, '0');
    if (!good.has(code)) return { code, position: null, drift: 0 };
  }
}

/** Reads what the store says now. `wrong`: so many wrong codes were answered since the last look, and nothing else, if known. */
export async function lookAfter({ world, person, invariants }: Scene, wrong: number | null): Promise<void> {
  const { sources } = person;
  const rows = await world.domain.store.read.codes.listOf(person.record.id);
  // A right code at the same place lets go of what was typed wrong there, for the person's other sources too.
  const letGo = sources.some(({ id, last }) => rows.some((row) => row.authenticatorId === id && row.lastPosition !== last));
  for (const source of sources) {
    const row = rows.find(({ authenticatorId }) => authenticatorId === source.id);
    if (row === undefined) {
      const before = source.failures + (wrong ?? MOST_WRONG_CODES);
      demand(source.state !== 'active' || before >= MOST_WRONG_CODES, 'a source of codes was stopped before its time');
      if (source.state === 'active') source.state = 'suspended';
      continue;
    }
    demand(source.state === 'active', 'a source of codes that was stopped goes on');
    demand(row.lastPosition >= source.last, 'a counter moved back');
    if (row.lastPosition !== source.last) invariants.spend('code', `${source.id} ${row.lastPosition}`);
    if (source.maybeBurned.has(row.lastPosition)) source.burned.add(row.lastPosition);
    source.maybeBurned.clear();
    demand(row.lastPosition === source.last || source.burned.has(row.lastPosition), 'a counter moved on without a code');
    demand(
      [...source.burned].every((position) => position <= row.lastPosition),
      'a position that was used is not burned',
    );
    const accepted = row.lastPosition !== source.last;
    if (wrong !== null) {
      const most = accepted ? 0 : source.failures + wrong;
      demand(letGo ? row.failures <= most : row.failures === most, `${source.failures} and ${wrong} wrong codes count ${row.failures}`);
    }
    invariants.tried('a source of codes that goes on', row.failures, MOST_WRONG_CODES - 1);
    source.last = row.lastPosition;
    source.drift = row.drift;
    source.failures = row.failures;
  }
}
