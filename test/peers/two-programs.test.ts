import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { practiceSource } from '../../src/device/index.ts';
import { serveToken, VirtualToken } from '../support/token/index.ts';
import { creationOptions, ORIGIN } from './ceremonies.ts';
import { Ladder } from './ladder.ts';
import { Libfido2 } from './libfido2.ts';

/** Our host and libfido2 on one token at the same time: each hears every report of the other. */

let folder = '';
let token: VirtualToken;
let peer: Libfido2;
let host: Ladder;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doorstep-two-'));
  token = new VirtualToken({ touch: { kind: 'by-hand' } });
  peer = await Libfido2.on(token);
  const path = join(folder, 'token');
  await serveToken(token, path);
  host = new Ladder(practiceSource({ path }));
  await host.ready();
});

afterEach(async () => {
  await host.stop();
  await peer.close();
  rmSync(folder, { recursive: true, force: true });
});

async function untilTouchWanted(): Promise<void> {
  for (let left = 250; left > 0 && !token.wantsTouch; left -= 1) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(token.wantsTouch).toBe(true);
}

const register = () => host.call('register', { origin: ORIGIN, options: creationOptions('discouraged') });

it('a program that comes while the token waits for us is sent away, and disturbs nothing', async () => {
  const ours = register();
  await untilTouchWanted();
  const theirs = await peer.run('fido2-token', ['-I', peer.path]);
  expect(theirs.code).not.toBe(0);
  expect(token.wantsTouch).toBe(true);
  token.touch();
  expect((await ours).ok).toBe(true);
});

it('we wait while another program uses the token, and then have our turn', async () => {
  const theirs = peer.makeCredential();
  await untilTouchWanted();
  const ours = register();
  await new Promise((resolve) => setTimeout(resolve, 500));
  token.touch();
  await peer.verifyCredential(await theirs);
  await untilTouchWanted();
  token.touch();
  expect((await ours).ok).toBe(true);
});

it('both can talk by turns', async () => {
  token.touchScript = { kind: 'automatic' };
  for (let turn = 0; turn < 3; turn += 1) {
    expect((await register()).ok).toBe(true);
    await peer.verifyCredential(await peer.makeCredential());
  }
});
