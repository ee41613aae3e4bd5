import { describe, expect, it } from 'vitest';
import { enableEnterpriseAttestation, setMinPinLength, toggleAlwaysUv } from '../../../src/device/ctap2/authenticator-config.ts';
import {
  type BioManager,
  cancelCurrentEnrollment,
  enrollBegin,
  enrollCaptureNextSample,
  enumerateEnrollments,
  getSensorInfo,
  removeEnrollment,
  SAMPLE,
  setFriendlyName,
} from '../../../src/device/ctap2/bio-enrollment.ts';
import { getPinRetries, getUvRetries, PERMISSION } from '../../../src/device/ctap2/client-pin.ts';
import { unwrap } from '../../../src/device/ctap2/command.ts';
import { selection } from '../../../src/device/ctap2/selection.ts';
import { STATUS } from '../../../src/device/ctap2/status.ts';
import { lock, ping, wink } from '../../../src/device/ctaphid/link-commands.ts';
import { assert } from '../../../src/device/session/assert.ts';
import type { Ceremony } from '../../../src/device/session/human.ts';
import { register } from '../../../src/device/session/register.ts';
import { changePin, setPin } from '../../../src/device/session/set-pin.ts';
import { summaryOf } from '../../../src/device/session/summary.ts';
import { type UserProof, withProof } from '../../../src/device/session/user-proof.ts';
import { profile } from '../../support/token/index.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { type Bench, bench, codeOf } from './bench.ts';
import { creation, ORIGIN, request, verifyAssertion, verifyRegistration } from './options.ts';

const PIN = { kind: 'pin', pin: '2468' } as const;
const TEN_SECONDS = 10_000;
type TokenProof = Extract<UserProof, { kind: 'token' }>;

async function keyWithPin(kind: Parameters<typeof profile>[0], changes: Parameters<typeof profile>[1] = {}): Promise<Bench> {
  const key = await bench({ profile: profile(kind, changes) });
  await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman({ kind: 'new-pin', pin: '2468' }));
  return key;
}

/** A pinUvAuthToken with `permissions`, by PIN or by whatever the key prefers. */
async function proofFor(key: Bench, permissions: number, ceremony: Ceremony): Promise<TokenProof> {
  let got: TokenProof | null = null;
  await withProof(key.token, { permissions, wanted: 'required', operation: 'manage' }, ceremony, async (proof) => {
    if (proof.kind === 'token') got = proof;
    return { ok: true, value: null };
  });
  if (got === null) throw new Error('no token');
  return got;
}

async function enrollFinger(key: Bench): Promise<Uint8Array> {
  const run = async (ceremony: Ceremony) => {
    const { protocol, sign } = await proofFor(key, PERMISSION.bioEnrollment, ceremony);
    const manager: BioManager = { link: key.token.link, preview: false, protocol, sign };
    const first = unwrap(await enrollBegin(manager, TEN_SECONDS));
    const { templateId } = first;
    if (templateId === undefined) throw new Error('no template');
    for (let remaining = first.remaining; remaining > 0; ) {
      const next = unwrap(await enrollCaptureNextSample(manager, templateId, TEN_SECONDS));
      remaining = next.remaining;
    }
    return templateId;
  };
  const templateId = await key.run(run, new ScriptedHuman(PIN));
  await key.clock.run(key.token.refresh(), 1_000);
  return templateId;
}

describe('a fingerprint sensor', () => {
  it('enrolls, names, lists and removes fingers', async () => {
    const key = await keyWithPin('bio');
    expect(summaryOf(key.token).can.fingerprints).toBe(true);
    expect(unwrap(await key.clock.run(getSensorInfo(key.token.link, false), 1_000)).maxCaptureSamples).toBeGreaterThan(0);
    key.virtual.sensor.samples.push(SAMPLE.tooFast);
    const templateId = await enrollFinger(key);
    const manage = async (ceremony: Ceremony) => {
      const { protocol, sign } = await proofFor(key, PERMISSION.bioEnrollment, ceremony);
      const manager: BioManager = { link: key.token.link, preview: false, protocol, sign };
      unwrap(await setFriendlyName(manager, { templateId, friendlyName: 'Left thumb' }));
      const named = unwrap(await enumerateEnrollments(manager));
      unwrap(await removeEnrollment(manager, templateId));
      const left = unwrap(await enumerateEnrollments(manager));
      unwrap(await cancelCurrentEnrollment(key.token.link, false));
      return { named, left };
    };
    expect(await key.run(manage, new ScriptedHuman(PIN))).toEqual({ named: [{ templateId, friendlyName: 'Left thumb' }], left: [] });
  });

  it('verifies the person without a PIN, and with it where the finger is not known', async () => {
    const key = await keyWithPin('bio');
    await enrollFinger(key);
    const options = creation({ authenticatorSelection: { userVerification: 'required' } });
    const credential = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony));
    const made = await verifyRegistration(credential, true);
    expect(unwrap(await key.clock.run(getUvRetries(key.token.link), 1_000))).toBeGreaterThan(0);

    key.virtual.sensor.recognizes = false;
    const wanted = request(credential.id, { userVerification: 'required' });
    const human = new ScriptedHuman(PIN);
    const assertion = await key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: wanted }, ceremony), human);
    await verifyAssertion(assertion, made.credential, true);
    human.done();
    expect(human.told.filter((prompt) => prompt?.kind === 'touch').length).toBeGreaterThan(1);
  });
});

describe('settings', () => {
  it('raise the PIN length, ask for a new PIN, and want verification always', async () => {
    const key = await keyWithPin('full');
    const before = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony));
    const configure = async (ceremony: Ceremony) => {
      const proof = await proofFor(key, PERMISSION.config, ceremony);
      const { link } = key.token;
      unwrap(await enableEnterpriseAttestation(link, proof));
      unwrap(await toggleAlwaysUv(link, proof));
      expect(await setMinPinLength(link, { newMinPinLength: 3 }, proof)).toEqual({ ok: false, status: STATUS.pinPolicyViolation });
      // Last: a PIN that has become too short takes every pinUvAuthToken with it.
      unwrap(await setMinPinLength(link, { newMinPinLength: 6, rpIds: ['login.northmoor.example'] }, proof));
      await key.token.refresh();
    };
    await key.run(configure, new ScriptedHuman(PIN));
    expect(summaryOf(key.token)).toMatchObject({ pin: { state: 'must-change', minLength: 6 }, can: { alwaysUv: true } });
    // A right PIN would look wrong now: it is not even asked for.
    const run = key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: request(before.id) }, ceremony));
    expect(await codeOf(run)).toBe('pin.must-change');
    const change = new ScriptedHuman(PIN, { kind: 'new-pin', pin: '2468' }, { kind: 'new-pin', pin: '246810' });
    await key.run((ceremony) => changePin(key.token, ceremony), change);
    change.done();
    expect(summaryOf(key.token).pin.state).toBe('set');
    const changed = new ScriptedHuman({ kind: 'pin', pin: '246810' });
    await key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: request(before.id) }, ceremony), changed);
    changed.done();
  });

  it('give the vendor’s attestation where it was asked for and allowed', async () => {
    const key = await keyWithPin('full');
    await key.run(async (ceremony) => {
      unwrap(await enableEnterpriseAttestation(key.token.link, await proofFor(key, PERMISSION.config, ceremony)));
      await key.token.refresh();
    }, new ScriptedHuman(PIN));
    const options = creation({ rp: { id: 'enterprise.example', name: 'E' }, attestation: 'enterprise' });
    const made = await key.run((ceremony) => register(key.token, { origin: 'https://enterprise.example', options }, ceremony));
    expect(made.response.attestationObject.length).toBeGreaterThan(100);
  });
});

describe('a pinUvAuthToken that is too old', () => {
  it('is fetched again once, without asking the person', async () => {
    const key = await keyWithPin('full');
    const { protocol } = { protocol: key.token.pinProtocol };
    let tries = 0;
    const run = (always: boolean) =>
      key.run(
        (ceremony) =>
          withProof(key.token, { permissions: 4, wanted: 'required', operation: 'manage' }, ceremony, async () => {
            tries++;
            return tries === 1 || always ? { ok: false, status: STATUS.pinAuthInvalid } : { ok: true, value: 'done' };
          }),
        new ScriptedHuman(PIN),
      );
    expect(await run(false)).toEqual({ ok: true, value: 'done' });
    expect(tries).toBe(2);
    tries = 0;
    expect(await run(true)).toEqual({ ok: false, status: STATUS.pinAuthInvalid });
    expect(tries).toBe(2);
    // Fetching it again cost no try.
    expect(unwrap(await key.clock.run(getPinRetries(key.token.link, protocol), 1_000)).retries).toBe(8);
  });
});

describe('the rest of a token', () => {
  it('selects, pings, winks and locks', async () => {
    const key = await bench();
    unwrap(await key.clock.run(selection(key.token.link), 1_000));
    await key.clock.run(ping(key.token.link, new Uint8Array(1_000).fill(3)), 1_000);
    await key.clock.run(wink(key.token.link), 1_000);
    await key.clock.run(lock(key.token.link, 2), 1_000);
    await key.clock.run(lock(key.token.link, 0), 1_000);
    expect(key.virtual.winks).toBe(1);
  });
});
