/** Looks for a typed code among the counters (or time steps) that a window allows. */
import type { Form } from './form.ts';
import { type HmacKey, hmacKey } from './hmac.ts';
import { hotpValue } from './hotp.ts';
import { typedValue } from './typed-code.ts';

/** What is looked for. The window is `count` counters, beginning with `first`; what would lie before 0 is left out. */
export interface Search {
  /** One that is ready must be of the form's hash function. */
  readonly key: Uint8Array | HmacKey;
  readonly form: Form;
  /** Digits, as `normalizeTypedCode` leaves them. */
  readonly code: string;
  readonly first: number;
  readonly count: number;
}

/** How long a far search may keep the event loop at a time, milliseconds. */
const SLICE = 0.25;
/** HMACs between two looks at the clock: about 20 µs. */
const BETWEEN_LOOKS = 32;

/**
 * The lowest counter of the window whose code this is, or null. Every code of the window is computed, found or not,
 * so that the time taken says nothing. For windows of some dozens; see `searchFar` for more.
 */
export function searchNear(search: Search): number | null {
  const run = begin(search);
  advance(run, run.end);
  return run.found;
}

/**
 * The same for a wide window, such as a resynchronization's 1,000 counters (RFC 4226, 7.4): the work is cut into
 * slices of a quarter of a millisecond, and all searches that go on at once take turns, one slice a turn of the event loop.
 */
export function searchFar(search: Search): Promise<number | null> {
  return new Promise((resolve, reject) => {
    waiting.push({ run: begin(search), resolve, reject });
    if (waiting.length === 1) setImmediate(takeTurn);
  });
}

interface Run extends Omit<Search, 'key'> {
  readonly key: HmacKey;
  readonly wanted: number | null;
  readonly end: number;
  next: number;
  found: number | null;
}

interface Waiting {
  readonly run: Run;
  readonly resolve: (found: number | null) => void;
  readonly reject: (error: unknown) => void;
}

const waiting: Waiting[] = [];

function takeTurn(): void {
  const [search] = waiting;
  if (search === undefined) return;
  waiting.shift();
  try {
    const { run } = search;
    const until = performance.now() + SLICE;
    while (run.next < run.end && performance.now() < until) advance(run, run.next + BETWEEN_LOOKS);
    if (run.next < run.end) waiting.push(search);
    else search.resolve(run.found);
  } catch (error) {
    search.reject(error);
  }
  if (waiting.length > 0) setImmediate(takeTurn);
}

function begin(search: Search): Run {
  const { form, code, first, count } = search;
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 0 || !Number.isSafeInteger(first + count)) {
    throw new RangeError('a window is made of integers below 2^53');
  }
  return {
    ...search,
    key: hmacKey(search.key, form.algorithm),
    wanted: typedValue(code, form.digits),
    next: Math.max(0, first),
    end: first + count,
    found: null,
  };
}

function advance(run: Run, to: number): void {
  const { key, form, wanted } = run;
  const end = Math.min(to, run.end);
  for (let counter = run.next; counter < end; counter++) {
    if (hotpValue(key, counter, form) === wanted && run.found === null) run.found = counter;
  }
  run.next = Math.max(run.next, end);
}
