import { describe, expect, it } from 'vitest';
import { recognize } from '../../../src/device/session/recognize.ts';
import { register } from '../../../src/device/session/register.ts';
import { setPin } from '../../../src/device/session/set-pin.ts';
import { PROFILES, type Profile, profile } from '../../support/token/index.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { type Bench, bench, codeOf } from './bench.ts';
import { creation, ORIGIN, RP_ID } from './options.ts';
import { start } from './test-service.ts';

/** As long as the virtual key's own ids: a key is not even asked for longer ones. */
const ID_BYTES = 62;
const stranger = (fill: number, length = ID_BYTES) => Buffer.alloc(length, fill).toString('base64url');
const STRANGERS = Array.from({ length: 20 }, (_, index) => stranger(index + 1));

async function enrolled(key: Bench, more: Parameters<typeof creation>[0] = {}, human = new ScriptedHuman()): Promise<string> {
  const made = await key.run((ceremony) => register(key.token, { origin: ORIGIN, options: creation(more) }, ceremony), human);
  key.virtual.touchScript = { kind: 'never' };
  return made.id;
}

/** No human stands by: a prompt, a touch or a PIN would find nobody. */
const ask = (key: Bench, credentialIds: readonly string[], rpId = RP_ID) =>
  key.run(({ signal }) => recognize(key.token, { rpId, credentialIds }, signal));

describe('recognizing a key with nobody near', () => {
  const kinds: [string, Profile][] = [
    ['a current key', PROFILES.full],
    ['a CTAP 2.0 key', profile('fido2.0')],
    ['a key of one credential a list', profile('small')],
    ['a key without a PIN', profile('plain')],
    ['a U2F key', profile('u2f')],
  ];

  it.each(kinds)('%s tells which of many is its own', async (_name, kind) => {
    const key = await bench({ profile: kind });
    const id = await enrolled(key);
    expect(await ask(key, [id])).toBe(id);
    expect(await ask(key, [...STRANGERS, id, stranger(0x77, 200)])).toBe(id);
    expect(await ask(key, STRANGERS)).toBe(null);
    expect(await ask(key, [])).toBe(null);
    expect(await ask(key, [id], 'mail.example')).toBe(null);
    expect(key.virtual.wantsTouch).toBe(false);
  });

  it('a key that wants verification for everything tells it too', async () => {
    const key = await bench({ profile: profile('always-uv') });
    const pin = { kind: 'pin', pin: '2468' } as const;
    await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman({ kind: 'new-pin', pin: '2468' }));
    const id = await enrolled(key, {}, new ScriptedHuman(pin));
    expect(await ask(key, [stranger(1), id])).toBe(id);
  });

  it('one that is protected by verification stays hidden', async () => {
    const key = await bench();
    const pin = { kind: 'pin', pin: '2468' } as const;
    await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman({ kind: 'new-pin', pin: '2468' }));
    const id = await enrolled(
      key,
      {
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        extensions: { credentialProtectionPolicy: 'userVerificationRequired' },
      },
      new ScriptedHuman(pin),
    );
    expect(await ask(key, [id])).toBe(null);
  });

  it('one that wants a touch first is let go at once', async () => {
    const key = await bench();
    const id = await enrolled(key);
    key.virtual.arm({ at: 0, fault: { kind: 'endless-keepalive', everyMs: 100, status: 2 } });
    const before = key.clock.now();
    expect(await ask(key, [id])).toBe(null);
    expect(key.clock.now() - before).toBeLessThan(3_000);
  });

  it('one that says nothing is not waited for', async () => {
    const key = await bench();
    const id = await enrolled(key);
    key.virtual.arm({ at: 0, fault: { kind: 'silence' } });
    const before = key.clock.now();
    expect(await codeOf(ask(key, [id]))).toBe('token.timeout');
    expect(key.clock.now() - before).toBeLessThan(5_000);
  });

  it('ids that are none are refused', async () => {
    const key = await bench();
    for (const id of ['', 'a+b', 'A']) expect(await codeOf(ask(key, [id]))).toBe('request.malformed');
  });
});

describe('recognizing beside the calls of a person', () => {
  const enroll = { origin: ORIGIN, options: creation() };

  it('shows nothing to anybody', async () => {
    const service = start();
    const token = await service.plug('port 1');
    const { credential } = await service.call('register', { tokenId: service.only, ...enroll });
    token.touchScript = { kind: 'never' };
    service.prompts.length = 0;
    const answer = await service.call('recognize', { tokenId: service.only, rpId: RP_ID, credentialIds: [stranger(1), credential.id] });
    expect(answer).toEqual({ credentialId: credential.id });
    expect(service.prompts).toEqual([]);
  });

  it('takes no token from a call', async () => {
    const service = start();
    const token = await service.plug('port 1', PROFILES.full, { touch: { kind: 'by-hand' } });
    const tokenId = service.only;
    const running = service.start('register', { tokenId, ...enroll });
    await service.clock.advance(100);
    expect(await service.failure('recognize', { tokenId, rpId: RP_ID, credentialIds: [stranger(1)] })).toBe('token.busy');
    token.touch();
    expect(await service.clock.run(running.done, 10_000)).toMatchObject({ ok: true });
  });

  it('gives way to a call, however many are still to be asked for', async () => {
    const service = start();
    const token = await service.plug('port 1', profile('small'));
    const tokenId = service.only;
    token.arm({ at: 0, fault: { kind: 'delay', ms: 300 } });
    const asked = service.start('recognize', { tokenId, rpId: RP_ID, credentialIds: STRANGERS });
    await service.clock.advance(10);
    const before = token.packets.fromHost;
    const since = service.clock.now();
    await service.call('register', { tokenId, ...enroll });
    expect(service.clock.now() - since).toBeLessThan(400);
    // The registration and one CANCEL: nothing more of the list.
    expect(token.packets.fromHost - before).toBeLessThan(10);
    expect(await service.clock.run(asked.done, 10)).toMatchObject({ ok: false, code: 'token.busy' });
  });

  it('ends when the token is pulled out', async () => {
    const service = start();
    const token = await service.plug('port 1');
    token.arm({ at: 0, fault: { kind: 'delay', ms: 1_500 } });
    const asked = service.start('recognize', { tokenId: service.only, rpId: RP_ID, credentialIds: [stranger(1)] });
    await service.clock.advance(10);
    service.bus.pull('port 1');
    expect(await service.clock.run(asked.done, 1_000)).toMatchObject({ ok: false, code: 'token.gone' });
    expect(await service.failure('recognize', { tokenId: 'usb-none', rpId: RP_ID, credentialIds: [] })).toBe('token.gone');
  });

  it('and the look at the PIN wait for each other', async () => {
    const service = start();
    const token = await service.plug('port 1');
    service.onPrompt = (prompt, answer) => {
      if (prompt.kind === 'new-pin') answer({ kind: 'new-pin', pin: '2468' });
    };
    await service.call('setPin', { tokenId: service.only });
    service.bus.pull('port 1');
    await service.clock.advance(100);
    service.bus.plug('port 1', token);
    await service.clock.advance(1_400);
    token.arm({ at: 0, fault: { kind: 'delay', ms: 500 } });
    expect(await service.call('recognize', { tokenId: service.only, rpId: RP_ID, credentialIds: [stranger(1)] })).toEqual({
      credentialId: null,
    });
    await service.clock.advance(1_000);
    expect(service.tokens[0]?.pin).toMatchObject({ state: 'set', retries: 8 });
  });
});
