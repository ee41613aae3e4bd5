import { afterAll, describe, expect, it } from 'vitest';
import { DoorstepError, isErrorCode } from '../../../src/contract/errors.ts';
import type { PromptAnswer } from '../../../src/contract/tokens.ts';
import { openChannel } from '../../../src/device/ctaphid/channel.ts';
import { assert } from '../../../src/device/session/assert.ts';
import type { Asking, Ceremony } from '../../../src/device/session/human.ts';
import { listPasskeys } from '../../../src/device/session/passkeys.ts';
import { register } from '../../../src/device/session/register.ts';
import { changePin, setPin } from '../../../src/device/session/set-pin.ts';
import { SessionToken } from '../../../src/device/session/token.ts';
import { FAULTS, type Fault, VirtualToken } from '../../support/token/index.ts';
import { ManualClock } from '../../unit/device/doubles/manual-clock.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { benchOf, pipeTo } from './bench.ts';
import { held, type Spent, spending, Worst } from './memory.ts';
import { creation, ORIGIN, request } from './options.ts';

/** Whatever a token does, an operation with no more than one touch ends within this time of its own. */
const BOUND_MS = 400_000;
const MIB = 1024 * 1024;
/**
 * The same for memory, that of the token included, which lives in this process: of one case at its worst moment, and
 * what all cases of one fault leave behind together, their tokens still open.
 */
const PEAK_BYTES = 12 * MIB;
const RESIDENT_BYTES = 96 * MIB;
const LEFT_BYTES = 4 * MIB;

/** More packets than any exchange looks away from. */
const FLOOD = 20_500;
const CASES = [
  ...FAULTS,
  { name: 'wrong nonce flood without end', fault: { kind: 'wrong-nonce-flood', count: FLOOD } },
  { name: 'other channel flood without end', fault: { kind: 'other-channel-flood', count: FLOOD } },
] as const;

const isFlood = (fault: Fault) => 'count' in fault && fault.count === FLOOD;

const worst = new Worst<'at the worst moment' | 'resident' | 'left behind'>();
afterAll(() => console.table(worst.table()));

/** Fails where one case takes more memory than any may. */
function checkSpent({ peak, resident }: Spent, where: string): void {
  worst.take('at the worst moment', peak, where);
  worst.take('resident', resident, where);
  expect(peak, `bytes at the worst moment of ${where}`).toBeLessThan(PEAK_BYTES);
  expect(resident, `resident bytes more after ${where}`).toBeLessThan(RESIDENT_BYTES);
}

/** The same for what is left of all cases when what can be let go of is gone; `kept` are their tokens, still open. */
function checkLeft(before: number, kept: readonly unknown[], where: string): void {
  const left = held() - before;
  worst.take('left behind', left, `${where}, ${kept.length} cases`);
  expect(left, `bytes left after ${where}`).toBeLessThan(LEFT_BYTES);
}

interface Flow {
  readonly name: string;
  /** Packets from the token until all is done, when nothing goes wrong, at least. */
  readonly packets: number;
  readonly pin: boolean;
  readonly run: (token: SessionToken, credentialId: string, ceremony: Ceremony) => Promise<unknown>;
}

const verified = { authenticatorSelection: { userVerification: 'required' } } as const;
const FLOWS: readonly Flow[] = [
  { name: 'read getInfo again', packets: 7, pin: false, run: (token) => token.refresh() },
  {
    name: 'register',
    packets: 13,
    pin: false,
    run: (token, _id, ceremony) => register(token, { origin: ORIGIN, options: creation() }, ceremony),
  },
  {
    name: 'assert',
    packets: 4,
    pin: false,
    run: (token, id, ceremony) => assert(token, { origin: ORIGIN, options: request(id) }, ceremony),
  },
  {
    name: 'register with PIN',
    packets: 17,
    pin: true,
    run: (token, _id, ceremony) => register(token, { origin: ORIGIN, options: creation(verified) }, ceremony),
  },
  {
    name: 'assert with PIN',
    packets: 8,
    pin: true,
    run: (token, id, ceremony) => assert(token, { origin: ORIGIN, options: request(id, { userVerification: 'required' }) }, ceremony),
  },
  {
    name: 'change PIN',
    packets: 4,
    pin: true,
    run: (token, _id, ceremony) => changePin(token, ceremony),
  },
  {
    name: 'list passkeys',
    packets: 11,
    pin: true,
    run: (token, _id, ceremony) => listPasskeys(token, ceremony),
  },
];

/** Faults that change nothing for a host that looks away from other programs' traffic, or that it may get over. */
const HARMLESS: ReadonlySet<string> = new Set(['wrong nonce flood', 'other channel flood']);
/** Got over where they stand for the whole answer; in the middle of one they are nonsense. */
const AT_FIRST: ReadonlySet<string> = new Set(['CHANNEL_BUSY', 'ERROR invalid channel']);

/** A token that has gone mad stays so until it is pulled out. */
const LASTING: ReadonlySet<string> = new Set(['silence', 'endless keepalive', 'endless wish for a touch']);

async function tokenFor(flow: Flow) {
  const clock = new ManualClock();
  const virtual = new VirtualToken({ clock });
  const key = await benchOf(virtual, clock);
  const made = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony));
  if (flow.pin) {
    await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman({ kind: 'new-pin', pin: '2468' }));
    const resident = creation({ authenticatorSelection: { residentKey: 'required', userVerification: 'required' } });
    await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: resident }, ceremony), person());
  }
  // As after plugging in, so that every flow with a PIN asks how many tries are left.
  key.token.known = undefined;
  return { key, clock, virtual, id: made.id };
}

/** 'ok', or the code that the flow ended with; anything else that is thrown fails the test. */
async function outcome(clock: ManualClock, run: Promise<unknown>): Promise<string> {
  try {
    await clock.run(run, BOUND_MS);
    return 'ok';
  } catch (error) {
    if (error instanceof DoorstepError && isErrorCode(error.code) && error.code !== 'internal') return error.code;
    throw error;
  }
}

/** Knows the PIN, and when asked for a new one keeps it: whether or not a lost answer stood for a change, it is the same. */
const person = () =>
  new ScriptedHuman(
    ...Array.from(
      { length: 4 },
      () =>
        (prompt: Asking): PromptAnswer => ({ kind: prompt.kind === 'new-pin' ? 'new-pin' : 'pin', pin: '2468' }),
    ),
  );

describe.each(FLOWS)('$name with a token that misbehaves', (flow) => {
  it.each(CASES)('ends with a name whatever packet the fault is in: $name', async ({ name, fault }) => {
    const kept: unknown[] = [];
    const before = held();
    let at = 0;
    for (; ; at++) {
      const { key, clock, virtual, id } = await tokenFor(flow);
      virtual.arm({ at, fault });
      const ceremony = () => ({ human: person(), clock, signal: new AbortController().signal });
      const { value: code, spent } = await spending(() => outcome(clock, flow.run(key.token, id, ceremony())));
      kept.push(key);
      checkSpent(spent, `${flow.name}, ${name} in packet ${at}`);
      // Signatures differ in length by a byte or two, and so may the last packet: it is over where nothing is left to spoil.
      if (virtual.armed.length > 0) {
        expect(code, `${name} after the last packet`).toBe('ok');
        break;
      }
      if (HARMLESS.has(name)) expect(code, `${name} in packet ${at}`).toBe('ok');
      if (isFlood(fault)) expect(code, `${name} in packet ${at}`).toBe('token.misbehaved');
      if (AT_FIRST.has(name)) expect(['ok', 'token.misbehaved'], `${name} in packet ${at}`).toContain(code);
      if (AT_FIRST.has(name) && at === 0) expect(code).toBe('ok');
      if (LASTING.has(name)) {
        expect(['token.timeout', 'token.not-touched', 'token.misbehaved'], `${name} in packet ${at}: ${code}`).toContain(code);
        continue;
      }

      // The token that came to its senses works again, unless it was pulled out.
      virtual.arm();
      if (virtual.pluggedIn) {
        const after = await outcome(clock, flow.run(key.token, id, ceremony()));
        expect(after, `after ${name} in packet ${at}`).toBe('ok');
      } else {
        expect(code, `${name} in packet ${at}`).toBe('token.gone');
      }
    }
    expect(at).toBeGreaterThanOrEqual(flow.packets);
    checkLeft(before, kept, `${flow.name}, ${name}`);
  });
});

describe('opening a token that misbehaves', () => {
  it.each(CASES)('ends with a name: $name', async ({ name, fault }) => {
    const kept: unknown[] = [];
    const before = held();
    for (let at = 0; at < 6; at++) {
      const clock = new ManualClock();
      const virtual = new VirtualToken({ clock });
      virtual.arm({ at, fault });
      const open = async () => {
        const link = await openChannel(pipeTo(virtual), { clock });
        return SessionToken.open({ id: 'x', source: 'usb', product: '', manufacturer: '', serial: null }, link);
      };
      const { spent } = await spending(() => outcome(clock, open()));
      kept.push(virtual);
      checkSpent(spent, `opening, ${name} in packet ${at}`);
    }
    checkLeft(before, kept, `opening, ${name}`);
  });
});
