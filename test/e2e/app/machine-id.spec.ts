/**
 * The machine gets another id (C46): the disk in another computer, a clone, an installation made anew around the same home
 * folder. Whatever ties its secrets to that id has lost them; the keychain has not, and nothing is in a file.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { ask, oathtool } from '../../support/desktop/codes.ts';
import { type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, electronBinary, filesHolding, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { keyringEntries } from '../../support/desktop/keyring-entries.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';

const [BEFORE, AFTER] = ['1'.repeat(32), '2'.repeat(32)] as const;
const SECRET = 'JBSWY3DPEHPK3PXP';

let folder: string;
let backend: DemoBackend;
let session: DesktopSession;
let doorstep: DoorstepApp | null = null;
const { PATH, DOORSTEP_ELECTRON } = process.env;

/** A program that sees the id which the file `machine-id` holds, and lets nobody else see it. */
const withMachineId = (name: string, program: string): string => {
  const script = join(folder, name);
  const inside = `mount --bind ${join(folder, 'machine-id')} /etc/machine-id && exec ${program} "$@"`;
  writeFileSync(script, `#!/bin/sh\nexec unshare --map-current-user --keep-caps --mount sh -c '${inside}' sh "$@"\n`);
  chmodSync(script, 0o755);
  return script;
};
const machineIs = (id: string) => writeFileSync(join(folder, 'machine-id'), `${id}\n`);

test.beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doorstep-machine-'));
  machineIs(BEFORE);
  withMachineId('gnome-keyring-daemon', '/usr/bin/gnome-keyring-daemon');
  process.env['DOORSTEP_ELECTRON'] = withMachineId('electron', electronBinary());
  process.env['PATH'] = `${folder}:${PATH}`;
  backend = await startDemoBackend();
  session = await startDesktopSession({ activation: false });
  await session.unlockKeyring();
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus && doorstep !== null) console.log(doorstep.log());
  await doorstep?.quit();
  doorstep?.remove();
  doorstep = null;
  await session.stop();
  await backend.stop();
  Object.assign(process.env, { PATH, DOORSTEP_ELECTRON });
  rmSync(folder, { recursive: true, force: true });
});

test('the computer stays connected, its codes go on, and no secret was ever in a file', async () => {
  const open = async (data?: string): Promise<DoorstepApp> => {
    doorstep = await launchDoorstep({ env: session.env, server: backend.origin, ...(data === undefined ? {} : { data }) });
    return doorstep;
  };
  const seen = (app: DoorstepApp) =>
    app.app.evaluate(() => process.getBuiltinModule('node:fs').readFileSync('/etc/machine-id', 'utf8').trim());

  const first = await open();
  expect(await seen(first)).toBe(BEFORE);
  await first.window.evaluate((code) => window.doorstep!.invoke('pairing.connect', { code }), backend.demo.pairingCode);
  await expect.poll(async () => (await first.state()).connection).toBe('online');
  const { pairing } = await first.state();
  const link = `otpauth://totp/Garden:amina?secret=${SECRET}&issuer=Garden`;
  const draft = await ask(first, 'code.read', { source: { from: 'text', text: link } });
  if (draft === null) throw new Error('the link was not read');
  await ask(first, 'code.keep', { draftId: draft.draftId, indexes: draft.items.map(({ index }) => index) });
  const kept = await keyringEntries(session.env);
  await first.quit();
  session.killKeyring();

  machineIs(AFTER);
  await session.unlockKeyring();
  const again = await open(first.data);
  expect(await seen(again)).toBe(AFTER);
  await expect.poll(async () => (await again.state()).connection).toBe('online');
  expect((await again.state()).pairing).toEqual(pairing);
  expect((await keyringEntries(session.env)).map(({ account }) => account).sort()).toEqual(kept.map(({ account }) => account).sort());
  const [shown] = await ask(again, 'code.show', {});
  expect(shown?.code).toBe(oathtool(SECRET, shown?.from ?? 0));
  const secrets = kept.map(({ password }) => password);
  expect(filesHolding(again.data, ['PRIVATE KEY', SECRET, ...secrets])).toEqual([]);
});
