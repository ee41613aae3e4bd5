import { describe, expect, it } from 'vitest';
import { assert } from '../../../src/device/session/assert.ts';
import { register } from '../../../src/device/session/register.ts';
import { changePin, setPin } from '../../../src/device/session/set-pin.ts';
import { VirtualToken } from '../../support/token/index.ts';
import { ManualClock } from '../../unit/device/doubles/manual-clock.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { benchOf, codeOf } from './bench.ts';
import { creation, ORIGIN, request, verifyAssertion, verifyRegistration } from './options.ts';

/** Two programs with one token: ours and, say, a browser, both with a channel of their own. */
async function twoHosts() {
  const clock = new ManualClock();
  const virtual = new VirtualToken({ clock });
  const ours = await benchOf(virtual, clock, 'ours');
  const theirs = await benchOf(virtual, clock, 'theirs');
  return { clock, virtual, ours, theirs };
}

const enroll = { origin: ORIGIN, options: creation() };
const verified = { origin: ORIGIN, options: creation({ authenticatorSelection: { userVerification: 'required' } }) };
const PIN = { kind: 'pin', pin: '2468' } as const;
const NEW_PIN = { kind: 'new-pin', pin: '2468' } as const;

describe('another program with the same token', () => {
  it('is waited for, and does not disturb', async () => {
    const { clock, virtual, ours, theirs } = await twoHosts();
    const made = await ours.run((ceremony) => register(ours.token, enroll, ceremony));
    const { credential } = await verifyRegistration(made);
    virtual.touchScript = { kind: 'after', ms: 3_000 };
    const ceremony = () => ({ human: new ScriptedHuman(), clock, signal: new AbortController().signal });
    const theirRun = register(theirs.token, enroll, ceremony());
    const ourRun = assert(ours.token, { origin: ORIGIN, options: request(made.id) }, ceremony());
    const [, signed] = await clock.run(Promise.all([theirRun, ourRun]), 60_000);
    await verifyAssertion(signed, credential);
  });

  it('may come with its INIT in the middle of ours', async () => {
    const { clock, virtual, ours } = await twoHosts();
    virtual.touchScript = { kind: 'after', ms: 2_000 };
    const run = register(ours.token, enroll, { human: new ScriptedHuman(), clock, signal: new AbortController().signal });
    clock.after(500, () => void benchOf(virtual, clock, 'third').catch(() => {}));
    await verifyRegistration(await clock.run(run, 60_000));
  });

  it('keeps the token too long', async () => {
    const { clock, virtual, ours, theirs } = await twoHosts();
    virtual.touchScript = { kind: 'never' };
    const ceremony = () => ({ human: new ScriptedHuman(), clock, signal: new AbortController().signal });
    const theirRun = register(theirs.token, enroll, ceremony());
    theirRun.catch(() => {});
    expect(await codeOf(clock.run(register(ours.token, enroll, ceremony()), 60_000))).toBe('token.busy');
  });

  it('sets a PIN that we have not heard of', async () => {
    const { ours, theirs } = await twoHosts();
    await theirs.run((ceremony) => setPin(theirs.token, ceremony), new ScriptedHuman(NEW_PIN));
    const human = new ScriptedHuman(PIN);
    await verifyRegistration(await ours.run((ceremony) => register(ours.token, verified, ceremony), human), true);
    human.done();
  });

  it('sets a PIN before we do, or while the person types', async () => {
    const first = await twoHosts();
    await first.theirs.run((ceremony) => setPin(first.theirs.token, ceremony), new ScriptedHuman(NEW_PIN));
    expect(await codeOf(first.ours.run((ceremony) => setPin(first.ours.token, ceremony), new ScriptedHuman(NEW_PIN)))).toBe(
      'token.not-allowed',
    );
    await first.ours.run((ceremony) => changePin(first.ours.token, ceremony), new ScriptedHuman(PIN, { kind: 'new-pin', pin: '13579' }));

    const second = await twoHosts();
    const human = new ScriptedHuman(async () => {
      await setPin(second.theirs.token, { human: new ScriptedHuman(NEW_PIN), clock: second.clock, signal: new AbortController().signal });
      return NEW_PIN;
    });
    expect(await codeOf(second.ours.run((ceremony) => setPin(second.ours.token, ceremony), human))).toBe('token.not-allowed');
    expect(second.ours.token.option('clientPin')).toBe(true);
  });

  it('types a wrong PIN while our person types the right one, which costs ours no try', async () => {
    const { clock, ours, theirs } = await twoHosts();
    await ours.run((ceremony) => setPin(ours.token, ceremony), new ScriptedHuman(NEW_PIN));
    await clock.run(theirs.token.refresh(), 1_000);
    const human = new ScriptedHuman(async () => {
      const wrong = new ScriptedHuman({ kind: 'pin', pin: '0000' }, { kind: 'new-pin', pin: '1234' }, { kind: 'cancel' });
      await changePin(theirs.token, { human: wrong, clock, signal: new AbortController().signal }).catch(() => {});
      return PIN;
    });
    await verifyRegistration(await ours.run((ceremony) => register(ours.token, verified, ceremony), human), true);
    human.done();
  });

  it('changes the PIN while the person types the old one', async () => {
    const { clock, ours, theirs } = await twoHosts();
    await ours.run((ceremony) => setPin(ours.token, ceremony), new ScriptedHuman(NEW_PIN));
    await clock.run(theirs.token.refresh(), 1_000);
    const human = new ScriptedHuman(
      async () => {
        const changing = new ScriptedHuman(PIN, { kind: 'new-pin', pin: '97531' });
        await changePin(theirs.token, { human: changing, clock, signal: new AbortController().signal });
        return PIN;
      },
      { kind: 'pin', pin: '97531' },
    );
    await verifyRegistration(await ours.run((ceremony) => register(ours.token, verified, ceremony), human), true);
    human.done();
  });
});
