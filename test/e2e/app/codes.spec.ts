/** Codes in the real app with a real keychain: what they show, how they are kept, and what a keychain can do to them. */
import { execFileSync } from 'node:child_process';
import { expect } from '@playwright/test';
import { hotp } from '../../../src/oath/hotp.ts';
import { ask, button, keepAll, newSite, oathtool, openCodes, refused, restart, shootCodes } from '../../support/desktop/codes.ts';
import { test } from '../../support/desktop/desk.ts';
import { PROJECT } from '../../support/desktop/doorstep.ts';
import { keyringEntries } from '../../support/desktop/keyring-entries.ts';
import type { SessionEnv } from '../../support/desktop/programs.ts';

test.describe('on a desktop that starts services', () => {
  test.use({ activation: true });

  test('a code is copied and cleared, renamed, moved, removed and brought back, and all is so after a restart', async ({ desk }) => {
    let doorstep = await desk.open();
    const sites = [newSite(), newSite(), newSite()];
    await keepAll(doorstep, { from: 'text', text: sites.map(({ link }) => link).join('\n') });
    await openCodes(doorstep);
    const { app, window } = doorstep;
    const clipboard = () => app.evaluate(({ clipboard }) => clipboard.readText());
    const [first] = (await doorstep.state()).codes;

    await button(doorstep, `Copy the code for ${sites[0]!.name}`).click();
    await expect(window.getByText(/copied\. Cleared in 30 seconds\./)).toBeVisible();
    expect([oathtool(sites[0]!.secret, Date.now()), oathtool(sites[0]!.secret, Date.now() - 30_000)]).toContain(await clipboard());
    await expect.poll(clipboard, { timeout: 40_000, intervals: [1_000] }).toBe('');
    await ask(doorstep, 'code.copy', { id: first!.id });
    await app.evaluate(({ clipboard }) => clipboard.writeText('what the person copied then'));

    await ask(doorstep, 'code.rename', { id: first!.id, name: 'Work mail' });
    await ask(doorstep, 'code.move', { id: first!.id, to: 2 });
    await ask(doorstep, 'code.remove', { id: first!.id });
    await expect(window.getByText('The code for Work mail is removed.')).toBeVisible();
    await shootCodes(doorstep, 'removed');
    await button(doorstep, 'Bring it back').click();
    await expect(window.getByText('The code for Work mail is back.')).toBeVisible();
    doorstep = await restart(desk);
    expect((await doorstep.state()).codes.map(({ name, issuer }) => name || issuer)).toEqual([sites[1]!.name, sites[2]!.name, 'Work mail']);
    const [gone] = (await doorstep.state()).codes;
    await ask(doorstep, 'code.remove', { id: gone!.id });
    await doorstep.quit();
    expect((await keyringEntries(desk.session.env)).filter(({ account }) => account.includes('/seed/'))).toHaveLength(2);
    doorstep = await desk.launch({ data: doorstep.data });
    await expect.poll(async () => (await doorstep.state()).codes.length).toBe(2);
  });

  test('a counter-based code is never shown twice, however the app ends', async ({ desk }) => {
    let doorstep = await desk.open();
    const { key, link, name } = newSite({ kind: 'hotp', query: '&counter=40' });
    await keepAll(doorstep, { from: 'text', text: link });
    const told: string[] = [];
    await openCodes(doorstep);
    await button(doorstep, `Show a code: ${name}`).click();
    await expect(button(doorstep, `New code: ${name}`)).toBeVisible();
    told.push(hotp(key, 40, { algorithm: 'SHA1', digits: 6 }));
    const [entry] = (await doorstep.state()).codes;
    for (let round = 0; round < 4; round++) {
      // Killed in the middle of what was asked last: whether it was told or not, it is not told again.
      for (let more = 0; more < 3; more++) told.push((await ask(doorstep, 'code.next', { id: entry!.id })).code);
      const late = ask(doorstep, 'code.next', { id: entry!.id }).then(
        ({ code }) => told.push(code),
        () => undefined,
      );
      await new Promise((resolve) => setTimeout(resolve, round * 3));
      doorstep = await restart(desk);
      await late;
    }
    const all = Array.from({ length: 30 }, (_, ahead) => hotp(key, 40 + ahead, { algorithm: 'SHA1', digits: 6 }));
    expect(new Set(told).size).toBe(told.length);
    const places = told.map((code) => all.indexOf(code));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  test('the person’s own codes: enrolled by one proven code, and shown from then on', async ({ desk }) => {
    const doorstep = await desk.open();
    const { id } = await ask(doorstep, 'code.enroll-own', { name: 'Codes on this computer' });
    await expect
      .poll(async () => (await doorstep.state()).authenticators.filter(({ kind }) => kind === 'totp'))
      .toMatchObject([{ name: 'Codes on this computer', state: 'active' }]);
    const state = await doorstep.state();
    const way = state.authenticators.find(({ kind }) => kind === 'totp');
    expect(state.codes).toMatchObject([{ id, authenticatorId: way?.id, state: 'ready' }]);
    expect(await ask(doorstep, 'code.show', {})).toMatchObject([{ id }]);
    await openCodes(doorstep);
    await shootCodes(doorstep, 'own');
  });

  test('a window that shows codes asks to be left out of pictures of the screen', async ({ desk }) => {
    const doorstep = await desk.open();
    await doorstep.app.evaluate(({ BrowserWindow }) => {
      const asked: boolean[] = [];
      Object.assign(globalThis, { asked });
      for (const window of BrowserWindow.getAllWindows()) window.setContentProtection = (on) => void asked.push(on);
    });
    await keepAll(doorstep, { from: 'text', text: newSite().link });
    await openCodes(doorstep);
    await expect.poll(() => doorstep.app.evaluate(() => (globalThis as unknown as { asked: boolean[] }).asked)).toEqual([true]);
  });
});

test('a keychain that is killed, locked or wiped: each is said, and nothing is lost', async ({ desk }) => {
  let doorstep = await desk.open();
  await keepAll(doorstep, { from: 'text', text: newSite().link });
  desk.session.killKeyring();
  await desk.session.startLockedKeyring();
  doorstep = await restart(desk, /locked|dismissed/);
  expect((await doorstep.state()).codes).toHaveLength(1);
  expect(await refused(doorstep, 'code.show', {})).toMatch(/^keychain\.(locked|dismissed)$/);
  const draft = await ask(doorstep, 'code.read', { source: { from: 'text', text: newSite().link } });
  expect(await refused(doorstep, 'code.keep', { draftId: draft!.draftId, indexes: [0] })).toMatch(/^keychain\.(locked|dismissed)$/);
  await desk.session.signIn();
  await ask(doorstep, 'keychain.retry', {});
  await expect.poll(async () => (await ask(doorstep, 'code.show', {})).length).toBe(1);
  await ask(doorstep, 'code.keep', { draftId: draft!.draftId, indexes: [0] });
  expect(await ask(doorstep, 'code.show', {})).toHaveLength(2);

  // Wiped from outside, as a person with their own tools can.
  const entries = await keyringEntries(desk.session.env);
  for (const { account } of entries.filter((entry) => entry.account.includes('/seed/'))) removeEntry(desk.session.env, account);
  doorstep = await restart(desk);
  await expect.poll(async () => (await doorstep.state()).codes.map(({ state }) => state)).toEqual(['gone', 'gone']);
  await openCodes(doorstep);
  await expect(doorstep.window.getByText('Its secret is not in the keychain any more.').first()).toBeVisible();
  await shootCodes(doorstep, 'gone');
  for (const { id } of (await doorstep.state()).codes) await ask(doorstep, 'code.remove', { id });
  expect((await doorstep.state()).codes).toEqual([]);
});

function removeEntry(env: SessionEnv, account: string): void {
  const script = `require('@github/keytar').deletePassword('Doorstep', ${JSON.stringify(account)})`;
  execFileSync(process.execPath, ['-e', script], { cwd: PROJECT, env, timeout: 20_000 });
}
