import { describe, expect, it } from 'vitest';
import { deletePasskey, listPasskeys, renamePasskeyUser } from '../../../src/device/session/passkeys.ts';
import { register } from '../../../src/device/session/register.ts';
import { setPin } from '../../../src/device/session/set-pin.ts';
import { summaryOf } from '../../../src/device/session/summary.ts';
import { profile } from '../../support/token/index.ts';
import { ScriptedHuman } from '../../unit/device/doubles/scripted-human.ts';
import { bench, codeOf } from './bench.ts';
import { creation } from './options.ts';

const PIN = { kind: 'pin', pin: '2468' } as const;

async function keyWithPasskeys(kind: 'full' | 'fido2.0') {
  const key = await bench({ profile: profile(kind) });
  await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman({ kind: 'new-pin', pin: '2468' }));
  const made: string[] = [];
  for (const [rpId, id, name] of [
    ['login.northmoor.example', 'AQ', 'amina'],
    ['login.northmoor.example', 'Ag', 'harbour'],
    ['vpn.northmoor.example', 'AQ', 'amina'],
  ] as const) {
    const options = creation({
      rp: { id: rpId, name: rpId },
      user: { id, name, displayName: name.toUpperCase() },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    const run = key.run((ceremony) => register(key.token, { origin: `https://${rpId}`, options }, ceremony), new ScriptedHuman(PIN));
    made.push((await run).id);
  }
  return { key, made };
}

describe.each(['full', 'fido2.0'] as const)('passkeys on a %s key', (kind) => {
  it('are listed, and deleted one by one', async () => {
    const { key, made } = await keyWithPasskeys(kind);
    const list = () => key.run((ceremony) => listPasskeys(key.token, ceremony), new ScriptedHuman(PIN));
    const listed = await list();
    expect(listed.map(({ credentialId }) => credentialId).sort()).toEqual([...made].sort());
    expect(listed).toContainEqual({
      credentialId: made[1],
      rpId: 'login.northmoor.example',
      userId: 'Ag',
      userName: 'harbour',
      userDisplayName: 'HARBOUR',
    });
    await key.run((ceremony) => deletePasskey(key.token, made[0] ?? '', ceremony), new ScriptedHuman(PIN));
    expect((await list()).map(({ credentialId }) => credentialId).sort()).toEqual([made[1], made[2]].sort());
    const gone = key.run((ceremony) => deletePasskey(key.token, made[0] ?? '', ceremony), new ScriptedHuman(PIN));
    expect(await codeOf(gone)).toBe('token.no-credentials');
  });

  it('say so when there are none', async () => {
    const key = await bench({ profile: profile(kind) });
    await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman({ kind: 'new-pin', pin: '2468' }));
    expect(await key.run((ceremony) => listPasskeys(key.token, ceremony), new ScriptedHuman(PIN))).toEqual([]);
  });

  it('are nobody’s business without a PIN', async () => {
    const key = await bench({ profile: profile(kind) });
    expect(await codeOf(key.run((ceremony) => listPasskeys(key.token, ceremony)))).toBe('pin.not-set');
  });
});

it('renames the user of a passkey', async () => {
  const { key, made } = await keyWithPasskeys('full');
  expect(summaryOf(key.token).can).toMatchObject({ managePasskeys: true, renamePasskeys: true });
  const names = { userName: 'lantern', userDisplayName: 'Lantern' };
  const rename = (credentialId: string, userId: string) =>
    key.run((ceremony) => renamePasskeyUser(key.token, { credentialId, userId, ...names }, ceremony), new ScriptedHuman(PIN));
  await rename(made[1] ?? '', 'Ag');
  const listed = await key.run((ceremony) => listPasskeys(key.token, ceremony), new ScriptedHuman(PIN));
  expect(listed.find(({ credentialId }) => credentialId === made[1])).toMatchObject({ userId: 'Ag', ...names });
  expect(await codeOf(rename('AAAA', 'Ag'))).toBe('token.no-credentials');
  expect(await codeOf(rename(made[0] ?? '', 'Ag'))).toBe('token.refused');
  expect(await codeOf(rename(made[0] ?? '', 'not base64url'))).toBe('request.malformed');
});

it('shows names without what could mislead', async () => {
  const key = await bench();
  await key.run((ceremony) => setPin(key.token, ceremony), new ScriptedHuman({ kind: 'new-pin', pin: '2468' }));
  const options = creation({
    user: { id: 'AQ', name: 'evil\u202egnp.exe', displayName: '\u0000Amina\n' },
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
  const origin = 'https://login.northmoor.example';
  await key.run((ceremony) => register(key.token, { origin, options }, ceremony), new ScriptedHuman(PIN));
  const [listed] = await key.run((ceremony) => listPasskeys(key.token, ceremony), new ScriptedHuman(PIN));
  expect(listed).toMatchObject({ userName: 'evilgnp.exe', userDisplayName: 'Amina' });
});

it('does not rename on a key that only knows the preview', async () => {
  const { key, made } = await keyWithPasskeys('fido2.0');
  expect(summaryOf(key.token).can).toMatchObject({ managePasskeys: true, renamePasskeys: false });
  const asked = { credentialId: made[1] ?? '', userId: 'Ag', userName: 'lantern', userDisplayName: 'Lantern' };
  expect(await codeOf(key.run((ceremony) => renamePasskeyUser(key.token, asked, ceremony)))).toBe('token.unsupported');
});
