/**
 * The arithmetic of codes, beside the bare HMACs that it cannot do without and beside the npm package otpauth: a TOTP check
 * of three steps, and an HOTP look-ahead of 1,000 counters, which must not hold up the event loop.
 */
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { HOTP, Secret, TOTP } from 'otpauth';
import { hotp } from '../src/oath/hotp.ts';
import { searchFar, searchNear } from '../src/oath/search.ts';
import { stepAt } from '../src/oath/totp.ts';
import { timesACpuSecond, waitsForACore } from './measure/cpu.ts';
import { load, print, ratio, spread } from './table.ts';

const rounds = Number(process.env['ROUNDS'] ?? 7);
const SECONDS = Number(process.env['SECONDS'] ?? 1);
const WINDOW = 1_000;

const key = randomBytes(20);
const form = { algorithm: 'SHA1', digits: 6 } as const;
const secret = new Secret({ buffer: key.buffer.slice(key.byteOffset, key.byteOffset + key.byteLength) });
const [theirTotp, theirHotp] = [new TOTP({ secret }), new HOTP({ secret })];
const now = Date.now();
const step = stepAt(now, 30);
/** The code of the last counter of the window: nobody may stop early. */
const [nearCode, farCode] = [hotp(key, step + 1, form), hotp(key, step + WINDOW - 1, form)];

const kept = createSecretKey(key);
const message = Buffer.alloc(8);
function rawHmacs(first: number, count: number): void {
  for (let counter = first; counter < first + count; counter += 1) {
    message.writeBigUInt64BE(BigInt(counter));
    createHmac('sha1', kept).update(message).digest();
  }
}

function check(holds: boolean): void {
  if (!holds) throw new Error('a right code was not found');
}
const near = (): void => check(searchNear({ key, form, code: nearCode, first: step - 1, count: 3 }) === step + 1);
const theirNear = (): void => check(theirTotp.validate({ token: nearCode, timestamp: now, window: 1 }) === 1);
const far = async (): Promise<void> =>
  check((await searchFar({ key, form, code: farCode, first: step, count: WINDOW })) === step + WINDOW - 1);
/** Theirs looks to both sides: 500 each way are as many codes. */
const theirFar = (): void =>
  check(theirHotp.validate({ token: farCode, counter: step + WINDOW / 2 - 1, window: WINDOW / 2 }) === WINDOW / 2);

/** Of the turns of an event loop, milliseconds: the length that one in a thousand exceeds. */
interface Turns {
  readonly all: number;
  /** Without the time in which the machine let others run on its cores. */
  readonly own: number;
}

const waited = waitsForACore();

async function longTurn(work: () => Promise<unknown>): Promise<Turns> {
  const [all, own]: [number[], number[]] = [[], []];
  let [last, lastWaited, going] = [performance.now(), waited(), true];
  const tick = (): void => {
    const [now, nowWaited] = [performance.now(), waited()];
    all.push(now - last);
    own.push(now - last - (nowWaited - lastWaited));
    [last, lastWaited] = [now, nowWaited];
    if (going) setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  going = false;
  const exceeded = (turns: number[]) => turns.sort((a, b) => a - b)[Math.floor(turns.length * 0.999)] ?? Number.NaN;
  return { all: exceeded(all), own: exceeded(own) };
}

const fourLookAheads = (times: number) => async (): Promise<void> => {
  const one = async (): Promise<void> => {
    for (let done = 0; done < times; done += 1) await far();
  };
  await Promise.all([one(), one(), one(), one()]);
};

/** As many turns, as long as a slice of a look-ahead, in which nothing is computed: what the machine alone does to them. */
const emptyTurns = (times: number) => async (): Promise<void> => {
  for (let done = 0; done < times; done += 1) {
    const until = performance.now() + 0.25;
    while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

const figures = {
  near: [] as number[],
  rawNear: [] as number[],
  theirNear: [] as number[],
  far: [] as number[],
  rawFar: [] as number[],
  theirFar: [] as number[],
};
const turns = { ours: [] as Turns[], empty: [] as Turns[] };
await longTurn(fourLookAheads(50));
for (let round = 0; round < rounds; round += 1) {
  figures.rawNear.push(await timesACpuSecond(SECONDS, () => rawHmacs(step - 1, 3)));
  figures.near.push(await timesACpuSecond(SECONDS, near));
  figures.theirNear.push(await timesACpuSecond(SECONDS, theirNear));
  figures.rawFar.push(await timesACpuSecond(SECONDS, () => rawHmacs(step, WINDOW)));
  figures.far.push(await timesACpuSecond(SECONDS, far));
  figures.theirFar.push(await timesACpuSecond(SECONDS, theirFar));
  turns.ours.push(await longTurn(fourLookAheads(500)));
  turns.empty.push(await longTurn(emptyTurns(8_000)));
}
const [own, all, empty] = [turns.ours.map((one) => one.own), turns.ours.map((one) => one.all), turns.empty.map((one) => one.all)];
const row = (what: string, ours: number[], peer: number[]) => ({ what, ours: spread(ours), peer: spread(peer), ratio: ratio(ours, peer) });
print({
  title: 'Codes: the arithmetic alone',
  note: `${rounds} interleaved rounds of ${SECONDS} s each, times a CPU second, median and quartiles; ${load()}`,
  rows: [
    row('TOTP check of three steps; peer: three bare HMAC-SHA1', figures.near, figures.rawNear),
    row('TOTP check of three steps; peer: otpauth', figures.near, figures.theirNear),
    row('HOTP look-ahead of 1,000; peer: 1,000 bare HMAC-SHA1', figures.far, figures.rawFar),
    row('HOTP look-ahead of 1,000; peer: otpauth', figures.far, figures.theirFar),
    {
      what: 'turns of the event loop under four look-aheads at once, milliseconds that the process itself takes, p99.9; peer: the goal',
      ours: spread(own, 2),
      peer: '1',
      ratio: ratio(own, [...own].fill(1)),
    },
    {
      what: 'the same with the waits for a core, milliseconds by the clock, p99.9; peer: turns of 0.25 ms that compute nothing',
      ours: spread(all, 2),
      peer: spread(empty, 2),
      ratio: ratio(all, empty),
    },
  ],
});
