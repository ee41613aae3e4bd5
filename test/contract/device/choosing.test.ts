import { describe, expect, it } from 'vitest';
import { chooseToken } from '../../../src/device/session/choose-token.ts';
import { register } from '../../../src/device/session/register.ts';
import { type ProfileName, profile, VirtualToken } from '../../support/token/index.ts';
import { ManualClock } from '../../unit/device/doubles/manual-clock.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { benchOf, codeOf } from './bench.ts';
import { creation, ORIGIN, verifyRegistration } from './options.ts';

const KINDS = ['full', 'fido2.0', 'u2f'] as const satisfies readonly ProfileName[];

async function severalKeys() {
  const clock = new ManualClock();
  const keys = [];
  for (const kind of KINDS)
    keys.push(await benchOf(new VirtualToken({ profile: profile(kind), touch: { kind: 'by-hand' }, clock }), clock, kind));
  return { clock, keys, tokens: keys.map(({ token }) => token) };
}

describe('choosing among several keys', () => {
  it.each([0, 1, 2])('takes the one that is touched (%i), and leaves the others as they were', async (index) => {
    const { clock, keys, tokens } = await severalKeys();
    const human = new ScriptedHuman();
    clock.after(1_500, () => void keys[index]?.virtual.touch());
    const chosen = await clock.run(chooseToken(tokens, { human, clock, signal: new AbortController().signal }), 60_000);
    expect(chosen.id).toBe(KINDS[index]);
    expect(human.told).toEqual([{ kind: 'touch', tokenIds: [...KINDS], purpose: 'choose' }, null]);
    for (const key of keys) {
      key.virtual.touchScript = { kind: 'automatic' };
      await verifyRegistration(await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony)));
    }
  });

  it('takes the only one without a touch', async () => {
    const { clock, tokens } = await severalKeys();
    const human = new ScriptedHuman();
    const chosen = await chooseToken(tokens.slice(0, 1), { human, clock, signal: new AbortController().signal });
    expect(chosen.id).toBe('full');
    expect(human.told).toEqual([]);
  });

  it('goes on with the rest when one is pulled out', async () => {
    const { clock, keys, tokens } = await severalKeys();
    clock.after(500, () => keys[0]?.virtual.unplug());
    clock.after(1_500, () => void keys[1]?.virtual.touch());
    const ceremony = { human: new ScriptedHuman(), clock, signal: new AbortController().signal };
    expect((await clock.run(chooseToken(tokens, ceremony), 60_000)).id).toBe('fido2.0');
  });

  it('stops when the person stops, and when nobody touches', async () => {
    const { clock, tokens } = await severalKeys();
    const stop = new AbortController();
    clock.after(1_000, () => stop.abort());
    const stopped = clock.run(chooseToken(tokens, { human: new ScriptedHuman(), clock, signal: stop.signal }), 60_000);
    expect(await codeOf(stopped)).toBe('token.canceled');
    const only = tokens.slice(0, 2);
    const waiting = chooseToken(only, { human: new ScriptedHuman(), clock, signal: new AbortController().signal });
    expect(await codeOf(clock.run(waiting, 600_000))).toBe('token.not-touched');
  });
});
