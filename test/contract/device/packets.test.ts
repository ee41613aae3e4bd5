import { describe, expect, it } from 'vitest';
import { assert } from '../../../src/device/session/assert.ts';
import { register } from '../../../src/device/session/register.ts';
import { setPin } from '../../../src/device/session/set-pin.ts';
import { settle } from '../../unit/device/doubles/manual-clock.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { type Bench, bench } from './bench.ts';
import { creation, ORIGIN, request } from './options.ts';

const PIN = { kind: 'pin', pin: '2468' } as const;

/** What libfido2 exchanges for the same on its way from opening the device (its tools open it anew each time). */
const LIBFIDO2 = { assertion: 14, assertionWithPin: 22, registration: 29, registrationWithPin: 37 };

/** Packets of one flow: in all, and since the person had typed the PIN. */
async function count(key: Bench, flow: (human: ScriptedHuman) => Promise<unknown>, pin: boolean) {
  const before = key.packets();
  let typed = before;
  const human = new ScriptedHuman(
    ...(pin
      ? [
          async () => {
            // The key agreement is fetched while the person types: let it come.
            await settle();
            typed = key.packets();
            return PIN;
          },
        ]
      : []),
  );
  await flow(human);
  return { all: key.packets() - before, afterTyping: key.packets() - typed };
}

describe('packets of 64 bytes, keepalives not counted', () => {
  const enroll = (key: Bench, userVerification: 'required' | 'discouraged') => (human: ScriptedHuman) =>
    key.run((ceremony) => {
      const options = creation({ authenticatorSelection: { userVerification } });
      return register(key.token, { origin: ORIGIN, options }, ceremony);
    }, human);
  const sign = (key: Bench, id: string, userVerification: 'required' | 'discouraged') => (human: ScriptedHuman) =>
    key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: request(id, { userVerification }) }, ceremony), human);

  it('are as few as the messages allow, and never more than libfido2 exchanges', async () => {
    const key = await bench();
    const opening = key.packets();
    const registration = await count(key, enroll(key, 'discouraged'), false);
    const credential = await enroll(key, 'discouraged')(new ScriptedHuman());
    const assertion = await count(key, sign(key, credential.id, 'discouraged'), false);
    await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman({ kind: 'new-pin', pin: '2468' }));
    const registrationWithPin = await count(key, enroll(key, 'required'), true);
    const assertionWithPin = await count(key, sign(key, credential.id, 'required'), true);
    console.table({ opening: { all: opening, afterTyping: opening }, registration, assertion, registrationWithPin, assertionWithPin });

    expect(assertion.all).toBe(7);
    expect(assertionWithPin.afterTyping).toBe(12);
    // The key agreement, three packets, is exchanged while the person types; the tries are known from the registration.
    expect(assertionWithPin.all).toBe(15);
    expect(assertion.all).toBeLessThanOrEqual(LIBFIDO2.assertion);
    expect(assertionWithPin.all).toBeLessThanOrEqual(LIBFIDO2.assertionWithPin);
    expect(registration.all).toBeLessThanOrEqual(LIBFIDO2.registration);
    expect(registrationWithPin.all).toBeLessThanOrEqual(LIBFIDO2.registrationWithPin);
  });
});
