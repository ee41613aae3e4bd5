/**
 * The machine gets another id (C46): the disk in another computer, a clone, an installation made anew around the same home
 * folder. Whatever ties its secrets to that id has lost them; the keychain has not, and nothing is in a file.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { ask, keepAll, oathtool } from '../../support/desktop/codes.ts';
import { test as base } from '../../support/desktop/desk.ts';
import { type DoorstepApp, electronBinary, filesHolding } from '../../support/desktop/doorstep.ts';
import { keyringEntries } from '../../support/desktop/keyring-entries.ts';

const [BEFORE, AFTER] = ['1'.repeat(32), '2'.repeat(32)] as const;
const SECRET = 'JBSWY3DPEHPK3PXP';

const { PATH, DOORSTEP_ELECTRON } = process.env;

/** A machine whose id the test can change. */
interface Machine {
  becomes(id: string): void;
}

/** What is started on it sees its id, and nobody else does. */
const test = base.extend<{ readonly machine: Machine }>({
  machine: [
    async ({ browserName: _ }, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'doorstep-machine-'));
      const becomes = (id: string) => writeFileSync(join(folder, 'machine-id'), `${id}\n`);
      const withMachineId = (name: string, program: string): string => {
        const script = join(folder, name);
        const inside = `mount --bind ${join(folder, 'machine-id')} /etc/machine-id && exec ${program} "$@"`;
        writeFileSync(script, `#!/bin/sh\nexec unshare --map-current-user --keep-caps --mount sh -c '${inside}' sh "$@"\n`);
        chmodSync(script, 0o755);
        return script;
      };
      becomes(BEFORE);
      withMachineId('gnome-keyring-daemon', '/usr/bin/gnome-keyring-daemon');
      process.env['DOORSTEP_ELECTRON'] = withMachineId('electron', electronBinary());
      process.env['PATH'] = `${folder}:${PATH}`;
      await use({ becomes });
      Object.assign(process.env, { PATH, DOORSTEP_ELECTRON });
      rmSync(folder, { recursive: true, force: true });
    },
    // Before anything is started.
    { auto: true },
  ],
});

test('the computer stays connected, its codes go on, and no secret was ever in a file', async ({ machine, desk }) => {
  const seen = (app: DoorstepApp) =>
    app.app.evaluate(() => process.getBuiltinModule('node:fs').readFileSync('/etc/machine-id', 'utf8').trim());

  const first = await desk.open();
  expect(await seen(first)).toBe(BEFORE);
  const { pairing } = await first.state();
  const link = `otpauth://totp/Garden:amina?secret=${SECRET}&issuer=Garden`;
  await keepAll(first, { from: 'text', text: link });
  const kept = await keyringEntries(desk.session.env);
  await first.quit();
  desk.session.killKeyring();

  machine.becomes(AFTER);
  await desk.session.unlockKeyring();
  const again = await desk.open({ data: first.data });
  expect(await seen(again)).toBe(AFTER);
  expect((await again.state()).pairing).toEqual(pairing);
  expect((await keyringEntries(desk.session.env)).map(({ account }) => account).sort()).toEqual(kept.map(({ account }) => account).sort());
  const [shown] = await ask(again, 'code.show', {});
  expect(shown?.code).toBe(oathtool(SECRET, shown?.from ?? 0));
  const secrets = kept.map(({ password }) => password);
  expect(filesHolding(again.data, ['PRIVATE KEY', SECRET, ...secrets])).toEqual([]);
});
