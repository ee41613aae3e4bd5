import { describe, expect, it } from 'vitest';
import { assert } from '../../../src/device/session/assert.ts';
import { register } from '../../../src/device/session/register.ts';
import { changePin, setPin } from '../../../src/device/session/set-pin.ts';
import { summaryOf } from '../../../src/device/session/summary.ts';
import { profile } from '../../support/token/index.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { type Bench, bench, codeOf } from './bench.ts';
import { creation, ORIGIN, request, verifyAssertion, verifyRegistration } from './options.ts';

const PIN = { kind: 'pin', pin: '2468' } as const;
const NEW_PIN = { kind: 'new-pin', pin: '2468' } as const;

async function withPin(key: Bench): Promise<void> {
  await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman(NEW_PIN));
}

describe('registering and asserting', () => {
  it('makes a credential that a relying party accepts, and signs with it', async () => {
    const key = await bench();
    const human = new ScriptedHuman();
    const credential = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony), human);
    const made = await verifyRegistration(credential);
    expect(made.fmt).toBe('packed');
    expect(made.aaguid).toBe('d0057e90-c0de-4a7e-9a5b-000000000021');
    expect(human.told).toEqual([{ kind: 'touch', tokenIds: ['token-1'], purpose: 'use' }, null]);

    const assertion = await key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: request(credential.id) }, ceremony));
    const signed = await verifyAssertion(assertion, made.credential);
    expect(signed.userVerified).toBe(false);
  });

  it('strips the attestation for a relying party that asked for none', async () => {
    const key = await bench();
    const options = creation({ attestation: 'none' });
    const credential = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony));
    const made = await verifyRegistration(credential);
    expect(made.fmt).toBe('none');
    expect(made.aaguid).toBe('00000000-0000-0000-0000-000000000000');
  });

  it.each(['full', 'fido2.0', 'always-uv', 'small'] as const)('verifies the person by PIN on a %s key', async (kind) => {
    const key = await bench({ profile: profile(kind) });
    await withPin(key);
    const human = new ScriptedHuman(PIN, PIN);
    const options = creation({ authenticatorSelection: { userVerification: 'required' } });
    const credential = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony), human);
    const made = await verifyRegistration(credential, true);
    const wanted = request(credential.id, { userVerification: 'required' });
    const assertion = await key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: wanted }, ceremony), human);
    expect((await verifyAssertion(assertion, made.credential, true)).userVerified).toBe(true);
    human.done();
    expect(human.asked[0]).toEqual({ kind: 'pin', tokenId: 'token-1', retries: 8, wrong: false, minLength: 4 });
  });

  it('lets the token verify the person itself where it can', async () => {
    const key = await bench({ profile: profile('bio') });
    await withPin(key);
    const options = creation({ authenticatorSelection: { userVerification: 'required' } });
    // No finger is enrolled, so that the PIN is what is left.
    const credential = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony), new ScriptedHuman(PIN));
    await verifyRegistration(credential, true);
  });

  it('speaks U2F with a key that knows no better', async () => {
    const key = await bench({ profile: profile('u2f'), touch: { kind: 'after', ms: 700 } });
    expect(summaryOf(key.token)).toMatchObject({ protocol: 'u2f', aaguid: null, pin: { state: 'unsupported' } });
    const credential = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony));
    const made = await verifyRegistration(credential);
    expect(made.fmt).toBe('fido-u2f');
    const assertion = await key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: request(credential.id) }, ceremony));
    await verifyAssertion(assertion, made.credential);
    const again = creation({ excludeCredentials: [{ type: 'public-key', id: credential.id }] });
    expect(await codeOf(key.run((ceremony) => register(key.token, { origin: ORIGIN, options: again }, ceremony)))).toBe('token.excluded');
    const other = request('AAAA');
    expect(await codeOf(key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: other }, ceremony)))).toBe(
      'token.no-credentials',
    );
  });

  it('refuses what U2F cannot do before anybody touches', async () => {
    const key = await bench({ profile: profile('u2f') });
    const human = new ScriptedHuman();
    for (const more of [
      { authenticatorSelection: { userVerification: 'required' } },
      { authenticatorSelection: { residentKey: 'required' } },
      { pubKeyCredParams: [{ type: 'public-key', alg: -257 }] },
    ] as const) {
      const run = key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation(more) }, ceremony), human);
      expect(await codeOf(run)).toBe('token.unsupported');
    }
    expect(human.told).toEqual([]);
  });

  it('says that a key is enrolled already, and whose a credential is not', async () => {
    const key = await bench();
    const credential = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony));
    const again = creation({ excludeCredentials: [{ type: 'public-key', id: credential.id }] });
    expect(await codeOf(key.run((ceremony) => register(key.token, { origin: ORIGIN, options: again }, ceremony)))).toBe('token.excluded');
    const foreign = request(Buffer.alloc(64, 7).toString('base64url'));
    expect(await codeOf(key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: foreign }, ceremony)))).toBe(
      'token.no-credentials',
    );
  });

  it('refuses a site that asks for another name', async () => {
    const key = await bench();
    const before = key.packets();
    const options = creation({ rp: { id: 'other.example', name: 'x' } });
    expect(await codeOf(key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony)))).toBe('rp.not-allowed');
    expect(key.packets()).toBe(before);
  });

  it.each(['full', 'small', 'fido2.0'] as const)('finds its credential in a list that is too long for a %s key', async (kind) => {
    const key = await bench({ profile: profile(kind) });
    const credential = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony));
    const made = await verifyRegistration(credential);
    const others = Array.from({ length: 30 }, (_, index) => Buffer.alloc(64, index + 1).toString('base64url'));
    const list = [...others.slice(0, 20), credential.id, ...others.slice(20)].map((id) => ({ type: 'public-key' as const, id }));
    const assertion = await key.run((ceremony) =>
      assert(key.token, { origin: ORIGIN, options: request(null, { allowCredentials: list }) }, ceremony),
    );
    await verifyAssertion(assertion, made.credential);
    const options = creation({ excludeCredentials: list });
    expect(await codeOf(key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony)))).toBe('token.excluded');
    const rest = list.filter(({ id }) => id !== credential.id);
    await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation({ excludeCredentials: rest }) }, ceremony));
    const none = key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: request(null, { allowCredentials: rest }) }, ceremony));
    expect(await codeOf(none)).toBe('token.no-credentials');
  });

  it('lets the person choose among the passkeys of a site', async () => {
    const key = await bench();
    await withPin(key);
    const resident = { authenticatorSelection: { residentKey: 'required', userVerification: 'required' } } as const;
    for (const [id, name] of [
      ['AQ', 'amina'],
      ['Ag', 'harbour'],
      ['Aw', 'lantern'],
    ] as const) {
      const options = creation({ ...resident, user: { id, name, displayName: name.toUpperCase() } });
      await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony), new ScriptedHuman(PIN));
    }
    const human = new ScriptedHuman(PIN, { kind: 'passkey', index: 1 });
    const wanted = request(null, { userVerification: 'required' });
    const assertion = await key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: wanted }, ceremony), human);
    // The newest comes first (CTAP 2.1 section 6.2.2).
    expect(human.asked[1]).toEqual({
      kind: 'choose-passkey',
      tokenId: 'token-1',
      users: [
        { name: 'lantern', displayName: 'LANTERN' },
        { name: 'harbour', displayName: 'HARBOUR' },
        { name: 'amina', displayName: 'AMINA' },
      ],
    });
    expect(assertion.response.userHandle).toBe('Ag');
    const stopped = new ScriptedHuman(PIN, { kind: 'passkey', index: 9 });
    expect(await codeOf(key.run((ceremony) => assert(key.token, { origin: ORIGIN, options: wanted }, ceremony), stopped))).toBe(
      'token.canceled',
    );
  });

  it('stops when the person stops, and works again at once', async () => {
    const key = await bench({ touch: { kind: 'never' } });
    const stop = new AbortController();
    const run = key.run(
      (ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony),
      new ScriptedHuman(),
      stop.signal,
    );
    key.clock.after(1_000, () => stop.abort());
    expect(await codeOf(run)).toBe('token.canceled');
    key.virtual.touchScript = { kind: 'automatic' };
    await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony));
  });

  it('uses no answer that came after the person stopped', async () => {
    const key = await bench({ touch: { kind: 'by-hand' } });
    const stop = new AbortController();
    const human = new ScriptedHuman();
    const run = key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony), human, stop.signal);
    key.clock.after(1_000, () => {
      // The answer is on its way when CANCEL goes out.
      key.virtual.touch();
      stop.abort();
    });
    expect(await codeOf(run)).toBe('token.canceled');
    expect(human.told.at(-1)).toBe(null);
  });

  it('says that nobody touched', async () => {
    const key = await bench({ touch: { kind: 'never' } });
    expect(await codeOf(key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation() }, ceremony)))).toBe(
      'token.not-touched',
    );
  });
});

describe('the PIN', () => {
  it('is set with the rules of the token, in the words of the person', async () => {
    const key = await bench({ profile: profile('full', { minPinLength: 6 }) });
    expect(summaryOf(key.token).pin).toEqual({ state: 'not-set', retries: null, minLength: 6 });
    const human = new ScriptedHuman(
      { kind: 'new-pin', pin: '1234' },
      // Five code points of four bytes each: ten UTF-16 units are not ten characters.
      { kind: 'new-pin', pin: '\u{1F511}'.repeat(5) },
      { kind: 'new-pin', pin: 'x'.repeat(64) },
      // Six code points, composed to five by NFC.
      { kind: 'new-pin', pin: 'e\u0301abcd' },
      { kind: 'new-pin', pin: 'e\u0301abcde' },
    );
    await key.run((ceremony) => setPin(key.token, ceremony), human);
    human.done();
    expect(human.asked.map((prompt) => prompt.kind === 'new-pin' && prompt.refused)).toEqual([
      null,
      { minLength: 6, typed: 4 },
      { minLength: 6, typed: 5 },
      { minLength: 6, typed: 64, tooLong: true },
      { minLength: 6, typed: 5 },
    ]);
    expect(summaryOf(key.token).pin.state).toBe('set');
    // Typed in its composed form it is the same PIN.
    const options = creation({ authenticatorSelection: { userVerification: 'required' } });
    const composed = new ScriptedHuman({ kind: 'pin', pin: '\u00e9abcde' });
    await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony), composed);
    expect(await codeOf(key.run((ceremony) => setPin(key.token, ceremony)))).toBe('token.not-allowed');
  });

  it.each(['full', 'fido2.0'] as const)('is changed on a %s key, after a wrong try and with the tries shown', async (kind) => {
    const key = await bench({ profile: profile(kind) });
    expect(await codeOf(key.run((ceremony) => changePin(key.token, ceremony)))).toBe('pin.not-set');
    await withPin(key);
    const human = new ScriptedHuman({ kind: 'pin', pin: '1111' }, { kind: 'new-pin', pin: '97531' }, PIN);
    await key.run((ceremony) => changePin(key.token, ceremony), human);
    human.done();
    expect(human.asked.map((prompt) => (prompt.kind === 'pin' ? [prompt.retries, prompt.wrong] : prompt.kind))).toEqual([
      [8, false],
      'new-pin',
      [7, true],
    ]);
    const options = creation({ authenticatorSelection: { userVerification: 'required' } });
    const changed = new ScriptedHuman({ kind: 'pin', pin: '97531' });
    await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony), changed);
  });

  it('costs no try where it cannot be a PIN at all', async () => {
    const key = await bench();
    await withPin(key);
    const human = new ScriptedHuman({ kind: 'pin', pin: '1' }, { kind: 'pin', pin: 'y'.repeat(70) }, PIN);
    const options = creation({ authenticatorSelection: { userVerification: 'required' } });
    await key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony), human);
    expect(human.asked.map((prompt) => prompt.kind === 'pin' && [prompt.retries, prompt.wrong])).toEqual([
      [8, false],
      [8, true],
      [8, true],
    ]);
  });

  it('is locked after three wrong tries until the token was pulled out, and blocked at the end', async () => {
    const key = await bench();
    await withPin(key);
    const wrong = { kind: 'pin', pin: '0000' } as const;
    const options = creation({ authenticatorSelection: { userVerification: 'required' } });
    const enroll = (human: ScriptedHuman) => key.run((ceremony) => register(key.token, { origin: ORIGIN, options }, ceremony), human);
    expect(await codeOf(enroll(new ScriptedHuman(wrong, wrong, wrong)))).toBe('pin.locked-until-replug');
    expect(summaryOf(key.token).pin.state).toBe('locked-until-replug');
    // It is known before anybody types.
    expect(await codeOf(enroll(new ScriptedHuman()))).toBe('pin.locked-until-replug');
  });
});
