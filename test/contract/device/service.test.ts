import { describe, expect, it } from 'vitest';
import type { TokenCall } from '../../../src/contract/tokens.ts';
import { listPasskeys } from '../../../src/device/session/passkeys.ts';
import { PROFILES, profile, VirtualToken } from '../../support/token/index.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { benchOf, codeOf } from './bench.ts';
import { creation, ORIGIN, request, verifyAssertion, verifyRegistration } from './options.ts';
import { start } from './test-service.ts';

const enroll = { origin: ORIGIN, options: creation() };

describe('the list of tokens', () => {
  it('follows what is plugged in and pulled out', async () => {
    const service = start();
    await service.plug('port 1');
    expect(service.tokens).toMatchObject([{ state: { kind: 'ready' }, protocol: 'fido2', product: 'Key 21', pin: { state: 'not-set' } }]);
    const first = service.only;
    await service.plug('port 2', profile('u2f'));
    expect(service.tokens.map(({ protocol }) => protocol)).toEqual(['fido2', 'u2f']);
    expect(await service.call('list', {})).toEqual(service.tokens);
    service.bus.pull('port 1');
    await service.clock.advance(100);
    expect(service.tokens.map(({ protocol }) => protocol)).toEqual(['u2f']);
    service.bus.pull('port 2');
    await service.plug('port 1');
    expect(service.only).not.toBe(first);
  });

  it('shows a token that was pulled out and plugged in within one look', async () => {
    const service = start();
    const token = await service.plug('port 1');
    const before = service.only;
    token.unplug();
    token.plugIn();
    await service.clock.advance(10);
    expect(service.tokens).toEqual([]);
    await service.clock.advance(2_000);
    expect(service.tokens).toMatchObject([{ state: { kind: 'ready' } }]);
    expect(service.only).not.toBe(before);
  });

  it('says why a token cannot be used', async () => {
    const service = start();
    const token = new VirtualToken({ profile: profile('full'), clock: service.clock });
    token.arm({ at: 1, fault: { kind: 'cbor', what: 'garbage' } });
    service.bus.plug('port 1', token);
    await service.clock.advance(1_000);
    expect(service.tokens).toMatchObject([{ state: { kind: 'failed', code: 'token.misbehaved' } }]);
    expect(await service.failure('register', enroll)).toBe('token.misbehaved');
  });
});

describe('the PIN in the list', () => {
  it('tells the tries that are left once the token has been there for a moment', async () => {
    const service = start();
    const token = await service.plug('port 1');
    service.onPrompt = (prompt, answer) => {
      if (prompt.kind === 'new-pin') answer({ kind: 'new-pin', pin: '2468' });
      if (prompt.kind === 'pin') answer({ kind: 'pin', pin: '0000' });
    };
    await service.call('setPin', { tokenId: service.only });
    const again = async () => {
      service.bus.pull('port 1');
      await service.clock.advance(100);
      service.bus.plug('port 1', token);
      await service.clock.advance(100);
      expect(service.tokens[0]?.pin).toMatchObject({ state: 'set', retries: null });
      await service.clock.advance(2_000);
      return service.tokens[0]?.pin;
    };
    expect(await again()).toMatchObject({ state: 'set', retries: 8 });
    for (const expected of ['pin.locked-until-replug', 'pin.locked-until-replug', 'pin.blocked']) {
      expect(await service.failure('passkeys', { tokenId: service.only })).toBe(expected);
      await again();
    }
    expect(service.tokens[0]?.pin).toMatchObject({ state: 'blocked', retries: 0 });
    expect(await service.failure('passkeys', { tokenId: service.only })).toBe('pin.blocked');
  });

  /** A service with one token that has a PIN; what is typed, and the tries that the prompts have said. */
  const withPin = async () => {
    const service = start();
    const token = await service.plug('port 1');
    const typed: string[] = [];
    const said: number[] = [];
    service.onPrompt = (prompt, answer, cancel) => {
      if (prompt.kind === 'new-pin') answer({ kind: 'new-pin', pin: '2468' });
      if (prompt.kind !== 'pin') return;
      said.push(prompt.retries);
      const pin = typed.shift();
      if (pin === undefined) cancel();
      else answer({ kind: 'pin', pin });
    };
    const tokenId = service.only;
    await service.call('setPin', { tokenId });
    const run = async (...pins: string[]) => {
      typed.push(...pins);
      const before = token.packets;
      const code = await service.failure('passkeys', { tokenId });
      return { code, said: said.splice(0), packets: token.packets.fromHost - before.fromHost };
    };
    return { service, token, tokenId, run };
  };

  it('is not read again for a prompt while the token had all of its tries and nobody else has used it', async () => {
    const { service, run } = await withPin();
    const unread = await run('2468');
    const read = await run('2468');
    expect(read).toEqual({ code: 'ok', said: [8], packets: unread.packets - 1 });
    expect(service.tokens[0]?.pin.retries).toBe(8);
    await service.clock.advance(2_000);
    expect(await run('2468')).toEqual(read);
  });

  it('is read again after a wrong PIN, and for each prompt while tries are missing', async () => {
    const { service, token, run } = await withPin();
    await service.clock.advance(2_000);
    expect(await run('0000', '1111')).toMatchObject({ code: 'token.canceled', said: [8, 7, 6] });
    token.state.pinRetries = 2;
    expect(await run('2468')).toMatchObject({ code: 'ok', said: [2] });
    // All of its tries again: how many those are is read by the side.
    expect(service.tokens[0]?.pin.retries).toBeNull();
    await service.clock.advance(2_000);
    expect(service.tokens[0]?.pin.retries).toBe(8);
  });

  it('is nothing that we claim where the answer to a PIN was lost', async () => {
    const { service, token, run } = await withPin();
    await service.clock.advance(2_000);
    // The key agreement comes in two packets; the third is the answer to the PIN.
    token.arm({ at: 2, fault: { kind: 'drop' } });
    expect(await run('0000')).toMatchObject({ code: 'token.timeout', said: [8] });
    expect(service.tokens[0]?.pin.retries).toBeNull();
    expect(await run('2468')).toMatchObject({ code: 'ok', said: [7] });
  });

  it('is nothing that we claim once another program has used the token', async () => {
    const { service, token, run } = await withPin();
    await service.clock.advance(2_000);
    expect(service.tokens[0]?.pin.retries).toBe(8);
    const other = await benchOf(token, service.clock, 'other');
    const wrong = new ScriptedHuman({ kind: 'pin', pin: '0000' }, { kind: 'cancel' });
    expect(await codeOf(other.run((ceremony) => listPasskeys(other.token, ceremony), wrong))).toBe('token.canceled');
    await service.clock.advance(1_000);
    expect(service.tokens[0]?.pin).toMatchObject({ state: 'set', retries: null });
    expect(await run('2468')).toMatchObject({ code: 'ok', said: [7] });
  });
});

describe('registering and asserting through the port', () => {
  it('does both, and says who is asked to touch', async () => {
    const service = start();
    await service.plug('port 1');
    const made = await service.call('register', { tokenId: service.only, ...enroll });
    const { credential } = await verifyRegistration(made.credential);
    const signed = await service.call('assert', { origin: ORIGIN, options: request(made.credential.id) });
    await verifyAssertion(signed.credential, credential);
    expect(signed.tokenId).toBe(service.only);
    const touch = { kind: 'touch', tokenIds: [service.only], purpose: 'use' };
    expect(service.prompts).toEqual([touch, null, touch, null]);
  });

  it('waits for a token where there is none', async () => {
    const service = start();
    service.onPrompt = (prompt) => {
      if (prompt.kind === 'plug-in') service.clock.after(5_000, () => void service.plug('port 1'));
    };
    await service.call('register', enroll);
    expect(service.prompts.map((prompt) => prompt?.kind)).toEqual(['plug-in', undefined, 'touch', undefined]);
  });

  it('lets a touch choose among several', async () => {
    const service = start();
    await service.plug('port 1', PROFILES.full, { touch: { kind: 'never' } });
    await service.plug('port 2', profile('fido2.0'), { touch: { kind: 'after', ms: 800 } });
    const made = await service.call('register', enroll);
    expect(service.tokens.find(({ id }) => id === made.tokenId)?.product).toBe('Key 20');
    expect(service.prompts[0]).toMatchObject({ kind: 'touch', purpose: 'choose' });
  });

  it('ends with what happened: pulled out, canceled, nobody there, another call', async () => {
    const service = start();
    await service.plug('port 1', PROFILES.full, { touch: { kind: 'never' } });
    const tokenId = service.only;
    service.clock.after(1_000, () => service.bus.pull('port 1'));
    expect(await service.failure('register', { tokenId, ...enroll })).toBe('token.gone');
    expect(await service.failure('register', { tokenId, ...enroll })).toBe('token.gone');

    await service.plug('port 1', PROFILES.full, { touch: { kind: 'never' } });
    service.onPrompt = (prompt, _answer, cancel) => {
      if (prompt.kind === 'touch') service.clock.after(1_000, cancel);
    };
    expect(await service.failure('register', { tokenId: service.only, ...enroll })).toBe('token.canceled');
    service.onPrompt = () => {};
    const running = service.start('register', { tokenId: service.only, ...enroll });
    await service.clock.advance(100);
    expect(await service.failure('passkeys', { tokenId: service.only })).toBe('token.busy');
    running.cancel();
    await service.clock.run(running.done, 10_000);

    service.bus.pull('port 1');
    await service.clock.advance(100);
    expect(await service.failure('register', enroll)).toBe('token.not-touched');
  });

  it('refuses what it does not know', async () => {
    const service = start();
    expect(await service.failure('toString' as TokenCall, {} as never)).toBe('request.malformed');
  });
});

describe('PINs through the port', () => {
  it('asks, passes over stale answers, and tells the new state', async () => {
    const service = start();
    await service.plug('port 1');
    service.onPrompt = (prompt, answer) => {
      if (prompt.kind !== 'new-pin') return;
      answer({ kind: 'pin', pin: 'stale' });
      answer({ kind: 'new-pin', pin: '2468' });
    };
    expect((await service.call('setPin', { tokenId: service.only })).pin.state).toBe('set');
    expect(service.tokens[0]?.pin.state).toBe('set');

    service.onPrompt = (prompt, answer) => {
      if (prompt.kind === 'pin') answer({ kind: 'pin', pin: prompt.wrong ? '2468' : '1111' });
      if (prompt.kind === 'new-pin') answer({ kind: 'new-pin', pin: '13579' });
    };
    expect((await service.call('changePin', { tokenId: service.only })).pin.state).toBe('set');
  });

  it('ends when the token is pulled out while the person types, or when nobody answers', async () => {
    const service = start();
    await service.plug('port 1');
    service.clock.after(1_000, () => service.bus.pull('port 1'));
    expect(await service.failure('setPin', { tokenId: service.only })).toBe('token.gone');
    expect(service.prompts.at(-1)).toBe(null);
    await service.plug('port 1');
    expect(await service.failure('setPin', { tokenId: service.only })).toBe('token.canceled');
    service.onPrompt = (_prompt, answer) => answer({ kind: 'cancel' });
    expect(await service.failure('setPin', { tokenId: service.only })).toBe('token.canceled');
  });
});

describe('wiping a token', () => {
  it('takes the same token, pulled out and plugged in again', async () => {
    const service = start();
    const token = await service.plug('port 1');
    service.onPrompt = (prompt, answer) => {
      if (prompt.kind === 'new-pin') answer({ kind: 'new-pin', pin: '2468' });
    };
    await service.call('setPin', { tokenId: service.only });
    const before = service.only;
    service.prompts.length = 0;
    service.onPrompt = (prompt) => {
      if (prompt.kind !== 'replug') return;
      if (prompt.step === 'pull-out') service.clock.after(2_000, () => service.bus.pull('port 1'));
      // Another socket: the place may change.
      else service.clock.after(2_000, () => service.bus.plug('port 7', token));
    };
    const summary = await service.call('reset', { tokenId: before });
    expect(summary).toMatchObject({ pin: { state: 'not-set' } });
    expect(summary.id).not.toBe(before);
    // How many passkeys fit now is read when the person has their answer.
    expect(summary.passkeysLeft).toBeNull();
    await service.clock.advance(100);
    expect(service.tokens).toEqual([{ ...summary, passkeysLeft: token.profile.maxDiscoverable }]);
    expect(service.prompts.filter((prompt) => prompt !== null)).toEqual([
      { kind: 'replug', tokenId: before, step: 'pull-out' },
      { kind: 'replug', tokenId: before, step: 'plug-in' },
      { kind: 'touch', tokenIds: [summary.id], purpose: 'reset' },
    ]);
  });

  it('touches no other token', async () => {
    const service = start();
    await service.plug('port 1');
    const other = await service.plug('port 2', profile('fido2.0'));
    expect(await service.failure('reset', { tokenId: service.tokens[0]?.id ?? '' })).toBe('token.not-allowed');
    service.bus.pull('port 2');
    await service.clock.advance(100);
    service.onPrompt = (prompt) => {
      if (prompt.kind !== 'replug') return;
      if (prompt.step === 'pull-out') service.clock.after(500, () => service.bus.pull('port 1'));
      else service.clock.after(500, () => service.bus.plug('port 1', other));
    };
    expect(await service.failure('reset', { tokenId: service.only })).toBe('token.not-allowed');
    expect(service.prompts.some((prompt) => prompt?.kind === 'touch')).toBe(false);
  });

  it('gives up when the person does not pull it out', async () => {
    const service = start();
    await service.plug('port 1');
    expect(await service.failure('reset', { tokenId: service.only })).toBe('token.not-touched');
  });
});

describe('passkeys and winking through the port', () => {
  it('lists, renames, deletes, winks', async () => {
    const service = start();
    const token = await service.plug('port 1');
    service.onPrompt = (prompt, answer) => {
      if (prompt.kind === 'new-pin') answer({ kind: 'new-pin', pin: '2468' });
      if (prompt.kind === 'pin') answer({ kind: 'pin', pin: '2468' });
    };
    const tokenId = service.only;
    await service.call('setPin', { tokenId });
    const options = creation({ authenticatorSelection: { residentKey: 'required', userVerification: 'required' } });
    const { credential } = await service.call('register', { tokenId, origin: ORIGIN, options });
    expect(await service.call('passkeys', { tokenId })).toMatchObject([{ credentialId: credential.id, userName: 'amina' }]);
    await service.call('renamePasskeyUser', {
      tokenId,
      credentialId: credential.id,
      userId: options.user.id,
      userName: 'a',
      userDisplayName: 'A',
    });
    expect(await service.call('passkeys', { tokenId })).toMatchObject([{ credentialId: credential.id, userName: 'a' }]);
    await service.call('deletePasskey', { tokenId, credentialId: credential.id });
    expect(await service.call('passkeys', { tokenId })).toEqual([]);
    await service.call('wink', { tokenId });
    expect(token.winks).toBe(1);
  });
});
