/** What the model knows of typed codes: which may be accepted, and what each leaves behind. */
import { hotp } from '../../src/oath/hotp.ts';
import { stepAt } from '../../src/oath/totp.ts';
import type { ModelSource } from './state.ts';
import { demand } from './violation.ts';
import { FARTHEST_COUNTER, MOST_WRONG_CODES, type World } from './world.ts';

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

/** A code was good: of a position that nobody had used. It is burned from now on. */
export function burn(sources: readonly ModelSource[], code: string, now: number): void {
  for (const source of sources) {
    const position = source.state === 'active' ? reachable(source, now).find((one) => hotp(source.seed, one, FORM) === code) : undefined;
    if (position === undefined) continue;
    source.burned.add(position);
    return;
  }
  demand(false, 'a code was good that was burned, or of a source that was stopped, or never was a code');
}

/** A code came too late for its request: whether it was burned is read from the store. */
export function mayBurn(sources: readonly ModelSource[], code: string, now: number): void {
  for (const source of sources) {
    const position = reachable(source, now).find((one) => hotp(source.seed, one, FORM) === code);
    if (position !== undefined) source.maybeBurned.add(position);
  }
}

/** Reads what the store says now. `wrong`: so many wrong codes were answered since the last look, and nothing else, if known. */
export async function lookAfter(world: World, personId: string, sources: readonly ModelSource[], wrong: number | null): Promise<void> {
  const rows = await world.domain.store.read.codes.listOf(personId);
  // A right code at the same place lets go of what was typed wrong there, for the person's other sources too.
  const letGo = sources.some(({ id, last }) => rows.some((row) => row.authenticatorId === id && row.lastPosition !== last));
  for (const source of sources) {
    const row = rows.find(({ authenticatorId }) => authenticatorId === source.id);
    if (row === undefined) {
      const before = source.failures + (wrong ?? MOST_WRONG_CODES);
      demand(source.state === 'suspended' || before >= MOST_WRONG_CODES, 'a source of codes was stopped before its time');
      source.state = 'suspended';
      continue;
    }
    demand(source.state === 'active', 'a source of codes that was stopped goes on');
    demand(row.lastPosition >= source.last, 'a counter moved back');
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
    demand(row.failures < MOST_WRONG_CODES, 'more wrong codes were looked at than may be');
    source.last = row.lastPosition;
    source.drift = row.drift;
    source.failures = row.failures;
  }
}
