import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { profile, VirtualToken } from '../support/token/index.ts';
import { creationOptions, ORIGIN } from './ceremonies.ts';
import type { Ladder } from './ladder.ts';
import { countPackets, Libfido2 } from './libfido2.ts';
import { type Ours, ourPackets } from './our-packets.ts';
import { PIN } from './packet-counts.ts';

const OPERATIONS = ['setPin', 'changePin', 'list', 'rename', 'delete', 'reset'] as const;

/** The tools list the sites in one run and the passkeys of one site in another; our host does both in one call. */
type Operations<T> = Readonly<Record<(typeof OPERATIONS)[number], T>>;

const NAMES = { userName: 'ada@new', userDisplayName: 'Ada New' };
const renamed = { id: Buffer.from('ada'), name: NAMES.userName, displayName: NAMES.userDisplayName };

async function theirs(): Promise<Operations<number>> {
  const token = new VirtualToken({ profile: profile('full') });
  let peer = await Libfido2.on(token);
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
    const remove = await tool(['-D', '-i', first], PIN);
    // A token lets itself be wiped in its first seconds alone.
    peer = await peer.replug();
    const reset = await tool(['-R']);
    expect(token.state.credentials).toHaveLength(0);
    return { setPin, changePin, list, rename, delete: remove, reset };
  } finally {
    await peer.close();
  }
}

async function ours(): Promise<Operations<Ours>> {
  const token = new VirtualToken({ profile: profile('full') });
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-packets-'));
  const measured = <T>(run: (host: Ladder, tokenId: string) => Promise<T>) => ourPackets(token, folder, 'soon', run);
  const make = async (name: string) => {
    const options = {
      ...creationOptions('required'),
      user: { id: Buffer.from(name).toString('base64url'), name, displayName: '' },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    } as const;
    return (await measured((host) => host.answer('register', { origin: ORIGIN, options }))).value.credential.id;
  };
  try {
    const setPin = await measured((host, tokenId) => host.answer('setPin', { tokenId }));
    const changePin = await measured((host, tokenId) => host.answer('changePin', { tokenId }));
    const credentialId = await make('ada');
    await make('bob');
    const list = await measured((host, tokenId) => host.answer('passkeys', { tokenId }));
    expect(list.value).toHaveLength(2);
    const asked = { credentialId, userId: Buffer.from('ada').toString('base64url'), ...NAMES };
    const rename = await measured((host, tokenId) => host.answer('renamePasskeyUser', { tokenId, ...asked }));
    expect(token.state.credentials.map(({ user }) => user)).toContainEqual(renamed);
    const remove = await measured((host, tokenId) => host.answer('deletePasskey', { tokenId, credentialId }));
    const reset = await measured(async (host, tokenId) => {
      const summary = await host.answer('reset', { tokenId });
      expect(summary.pin.state).toBe('not-set');
    });
    expect(token.state.credentials).toHaveLength(0);
    // The token that was opened first is pulled out by the call, which opens it once more: that opening counts, as theirs does.
    return { setPin, changePin, list, rename, delete: remove, reset: { ...reset, opening: 0, tries: 0 } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it('our host sets and changes a PIN, lists, renames and deletes passkeys and wipes a token with no more packets than libfido2', async () => {
  const [tools, own] = [await theirs(), await ours()];
  const table = OPERATIONS.map((name) => {
    const { opening, tries, call, after } = own[name];
    return [name, { tools: tools[name], opening, call, tries, 'read again afterwards': after }];
  });
  console.table(Object.fromEntries(table));
  for (const operation of OPERATIONS) {
    const { opening, call } = own[operation];
    expect(call, operation).toBeGreaterThan(0);
    expect(opening + call, `${operation} with its opening`).toBeLessThanOrEqual(tools[operation]);
  }
});
