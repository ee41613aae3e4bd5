import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { practiceSource } from '../../src/device/index.ts';
import { profile, serveToken, VirtualToken } from '../support/token/index.ts';
import { creationOptions, ORIGIN } from './ceremonies.ts';
import { Ladder } from './ladder.ts';
import { countPackets, Libfido2 } from './libfido2.ts';
import { PIN } from './packet-counts.ts';

/** PINs and passkeys. The tools list the sites in one run and the passkeys of one site in another; our host does both in one call. */
interface Managing {
  readonly setPin: number;
  readonly changePin: number;
  readonly list: number;
  readonly rename: number;
  readonly delete: number;
}

const NAMES = { userName: 'ada@new', userDisplayName: 'Ada New' };
const renamed = { id: Buffer.from('ada'), name: NAMES.userName, displayName: NAMES.userDisplayName };

async function theirs(): Promise<Managing> {
  const token = new VirtualToken({ profile: profile('full') });
  const peer = await Libfido2.on(token);
  const tool = (args: readonly string[], ...typed: string[]) =>
    countPackets(token, () => peer.succeed('fido2-token', [...args, peer.path], typed));
  const make = async (user: string) => {
    const asked = { rk: true, user, pin: PIN };
    return (await peer.verifyCredential(await peer.makeCredential(asked), asked)).id;
  };
  try {
    const setPin = await tool(['-S'], PIN, PIN);
    const changePin = await tool(['-C'], PIN, PIN, PIN);
    const first = await make('ada');
    await make('bob');
    const list = (await tool(['-L', '-r'], PIN)) + (await tool(['-L', '-k', 'login.example'], PIN));
    const handle = Buffer.from('ada').toString('base64');
    const rename = await tool(['-S', '-c', '-i', first, '-k', handle, '-n', NAMES.userName, '-p', NAMES.userDisplayName], PIN);
    expect(token.state.credentials.map(({ user }) => user)).toContainEqual(renamed);
    return { setPin, changePin, list, rename, delete: await tool(['-D', '-i', first], PIN) };
  } finally {
    await peer.close();
  }
}

async function ours(): Promise<Managing> {
  const token = new VirtualToken({ profile: profile('full') });
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-packets-'));
  const path = join(folder, 'token');
  token.plugIn();
  await serveToken(token, path);
  const host = new Ladder(practiceSource({ path }));
  host.pin = PIN;
  try {
    const { id: tokenId } = await host.ready();
    const make = async (name: string) => {
      const options = {
        ...creationOptions('required'),
        user: { id: Buffer.from(name).toString('base64url'), name, displayName: '' },
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      } as const;
      return (await host.answer('register', { origin: ORIGIN, options })).credential.id;
    };
    const setPin = await countPackets(token, () => host.answer('setPin', { tokenId }));
    const changePin = await countPackets(token, () => host.answer('changePin', { tokenId }));
    const credentialId = await make('ada');
    await make('bob');
    const list = await countPackets(token, async () => expect(await host.answer('passkeys', { tokenId })).toHaveLength(2));
    const asked = { tokenId, credentialId, userId: Buffer.from('ada').toString('base64url'), ...NAMES };
    const rename = await countPackets(token, () => host.answer('renamePasskeyUser', asked));
    expect(token.state.credentials.map(({ user }) => user)).toContainEqual(renamed);
    const remove = await countPackets(token, () => host.answer('deletePasskey', { tokenId, credentialId }));
    return { setPin, changePin, list, rename, delete: remove };
  } finally {
    await host.stop();
    token.unplug();
    rmSync(folder, { recursive: true, force: true });
  }
}

it('our host sets and changes a PIN, lists, renames and deletes passkeys with no more packets than libfido2', async () => {
  const [peer, own] = [await theirs(), await ours()];
  console.table({ libfido2: peer, doorstep: own });
  for (const operation of Object.keys(peer) as (keyof Managing)[]) {
    expect(own[operation], operation).toBeGreaterThan(0);
    expect(own[operation], operation).toBeLessThanOrEqual(peer[operation]);
  }
});
