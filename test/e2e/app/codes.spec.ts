/** Codes in the real app with a real keychain: how they come in, what they show, how they leave, and what never does. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { encodeBase32 } from '../../../src/oath/base32.ts';
import { hotp } from '../../../src/oath/hotp.ts';
import { answerFileDialogs, ask, oathtool, openSite, qrPicture, refused } from '../../support/desktop/codes.ts';
import { type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, filesHolding, launchDoorstep, PROJECT } from '../../support/desktop/doorstep.ts';
import { keyringEntries } from '../../support/desktop/keyring-entries.ts';
import { shootScreen, startWindowManager, xdotool } from '../../support/desktop/programs.ts';
import { type DesktopSession, type SessionOptions, startDesktopSession } from '../../support/desktop/session.ts';
import { createBus, VirtualToken } from '../../support/token/index.ts';
import { migrationLink } from '../../unit/oath/migration-maker.ts';

let session: DesktopSession;
let doorstep: DoorstepApp;
let backend: DemoBackend;
const cleanUp: (() => Promise<unknown>)[] = [];

/** A session, a backend, and the app that is paired with it. */
async function begin(options: SessionOptions = {}, env: Readonly<Record<string, string>> = {}): Promise<void> {
  [session, backend] = await Promise.all([startDesktopSession(options), startDemoBackend()]);
  await session.unlockKeyring();
  const manager = await startWindowManager(session.env);
  cleanUp.push(() => manager.stop());
  doorstep = await launchDoorstep({ env: { ...session.env, ...env }, server: backend.origin });
  await ask(doorstep, 'pairing.connect', { code: backend.demo.pairingCode });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
}

test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) {
    console.log(doorstep.log());
    await shoot('failed').catch(() => undefined);
  }
  await doorstep.quit();
  doorstep.remove();
  for (const undo of cleanUp.splice(0).reverse()) await undo();
  await backend.stop();
  await session.stop();
});

const shoot = (name: string, window: Page = doorstep.window) =>
  window.screenshot({ path: `${PROJECT}/test-results/screens/app-codes-${name}.png`, animations: 'disabled' });
const button = (name: string | RegExp) => doorstep.window.getByRole('button', { name, exact: typeof name === 'string' });
const restart = async () => {
  const { data } = doorstep;
  await doorstep.kill();
  doorstep = await launchDoorstep({ env: session.env, server: backend.origin, data });
  await expect.poll(async () => (await doorstep.state()).keychain).toBe('ready');
};
const openCodes = async () => {
  await doorstep.window
    .getByRole('navigation')
    .getByText(/^Codes/)
    .first()
    .click();
};

/** A secret and its link, different each time. */
let made = 0;
function site(members: { kind?: 'totp' | 'hotp'; query?: string } = {}) {
  made += 1;
  const key = Buffer.from(`0123456789abcde${String(made).padStart(5, '0')}`, 'ascii');
  const secret = encodeBase32(key);
  const name = `Site${made}`;
  const link = `otpauth://${members.kind ?? 'totp'}/${name}:alice?secret=${secret}&issuer=${name}${members.query ?? ''}`;
  return { key, secret, name, link };
}

async function keepAll(source: Parameters<typeof ask<'code.read'>>[2]['source']): Promise<void> {
  const draft = await ask(doorstep, 'code.read', { source });
  if (draft === null) throw new Error('nothing was chosen');
  await ask(doorstep, 'code.keep', { draftId: draft.draftId, indexes: draft.items.map(({ index }) => index) });
}

test('a person adds codes in every way, and each is the one that oathtool says', async () => {
  await begin();
  const sites = Array.from({ length: 5 }, () => site());
  const [byLink, byFile, byClipboard, byPicture, byHand] = sites as [ReturnType<typeof site>, ...ReturnType<typeof site>[]] & typeof sites;
  const { window, app } = doorstep;

  await test.step('by its link', async () => {
    await openCodes();
    await expect(window.getByText('No codes yet')).toBeVisible();
    await button('Add a code').first().click();
    await window.getByRole('dialog').getByText('Type or paste a link').click();
    await window.getByRole('textbox', { name: 'Link' }).fill('otpauth://totp/x?secret=0000');
    await button('Go on').click();
    await expect(window.getByText(/letter|secret/i).first()).toBeVisible();
    await window.getByRole('textbox', { name: 'Link' }).fill(byLink.link);
    await button('Go on').click();
    await expect(window.getByText('Keep this code?')).toBeVisible();
    await button('Keep it').click();
    await expect(window.getByText(`The code for ${byLink.name} is added.`)).toBeVisible();
  });

  await test.step('by a picture file', async () => {
    const file = join(doorstep.data, 'site.png');
    writeFileSync(file, qrPicture(byFile!.link));
    await answerFileDialogs(app, file);
    await button('Add a code').first().click();
    await window.getByRole('dialog').getByText('In a picture file').click();
    await expect(window.getByRole('dialog').getByText(byFile!.name)).toBeVisible();
    await shoot('found');
    await button('Keep it').click();
    await answerFileDialogs(app, null);
    expect(await ask(doorstep, 'code.read', { source: { from: 'file' } })).toBeNull();
    writeFileSync(file, 'no picture');
    await answerFileDialogs(app, file);
    expect(await refused(doorstep, 'code.read', { source: { from: 'file' } })).toBe('picture.unreadable');
  });

  await test.step('from the clipboard, a link and a picture', async () => {
    await app.evaluate(({ clipboard }) => clipboard.clear());
    expect(await refused(doorstep, 'code.read', { source: { from: 'clipboard' } })).toBe('clipboard.empty');
    await app.evaluate(({ clipboard }, text) => clipboard.writeText(text), byClipboard!.link);
    await keepAll({ from: 'clipboard' });
    await app.evaluate(({ clipboard, nativeImage }, png) => {
      (clipboard as unknown as { writeImage(image: unknown): void }).writeImage(nativeImage.createFromBuffer(Buffer.from(png, 'base64')));
    }, qrPicture(byPicture!.link).toString('base64'));
    await keepAll({ from: 'clipboard' });
  });

  await test.step('typed', async () => {
    await button('Add a code').first().click();
    await window.getByRole('dialog').getByText('Type the secret').click();
    await window.getByRole('textbox', { name: 'Site' }).fill(byHand!.name);
    await window.getByRole('textbox', { name: 'Secret' }).fill(byHand!.secret.toLowerCase().replace(/(.{4})/g, '$1 '));
    await button('Add this code').click();
    await expect(window.getByText(`The code for ${byHand!.name} is added.`)).toBeVisible();
  });

  const shown = await ask(doorstep, 'code.show', {});
  const { codes } = await doorstep.state();
  expect(codes.map(({ issuer }) => issuer)).toEqual(sites.map(({ name }) => name));
  for (const [index, { secret }] of sites.entries()) {
    const { code, next, from, until } = shown[index]!;
    expect(code).toBe(oathtool(secret, from));
    expect(next).toBe(oathtool(secret, until!));
  }
  await expect(window.getByText(codes[0]!.issuer, { exact: true }).first()).toBeVisible();
  await shoot('list');

  await test.step('all of it is in the keychain, an entry each, and nowhere else', async () => {
    const entries = await keyringEntries(session.env);
    expect(entries.filter(({ account }) => account.includes('/seed/'))).toHaveLength(5);
    const secrets = sites.flatMap(({ secret, key }) => [secret, key.toString('latin1'), key.toString('base64')]);
    writeFileSync(join(doorstep.data, 'site.png'), '');
    expect(filesHolding(doorstep.data, secrets)).toEqual([]);
    for (const secret of secrets) expect(doorstep.log()).not.toContain(secret);
    expect(processesSaying(secrets)).toEqual([]);
    // The typed one was typed in the window, and the link pasted there: their traces are the person's own. The others never were.
    const heap = await heapOf(window);
    for (const { secret, key } of [byFile!, byClipboard!, byPicture!]) {
      expect(heap).not.toContain(secret);
      expect(heap).not.toContain(key.toString('latin1'));
    }
  });
});

test('codes are read off the screen: the whole of it, behind our own window, and through the viewfinder', async () => {
  await begin();
  const whole = Array.from({ length: 3 }, () => site());
  const entries = [0, 1].map((index) => ({ secret: site().key, name: `phone${index}`, issuer: 'Phone', algorithm: 1, digits: 1, type: 2 }));
  const parts = [0, 1].map((index) => migrationLink({ entries: [entries[index]!], size: 2, index, id: 5 }));
  const { app, window } = doorstep;
  const minimize = (on: boolean) =>
    app.evaluate(({ BrowserWindow }, off) => {
      for (const one of BrowserWindow.getAllWindows()) off ? one.minimize() : one.restore();
    }, on);

  /** What is told later is in an object, so that nobody waits for it yet. */
  const openFinder = async () => {
    const opened = app.waitForEvent('window');
    const reading = ask(doorstep, 'code.read', { source: { from: 'region' } });
    return [await opened, { reading }] as const;
  };

  await test.step('nothing is there', async () => {
    expect(await refused(doorstep, 'code.read', { source: { from: 'screen' } })).toBe('picture.none');
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().every((one) => one.isVisible()))).toBe(true);
  });

  const browser = await openSite(session.env);
  cleanUp.push(() => browser.close());
  await browser.show(whole.map(({ link }) => qrPicture(link, 4)));
  await minimize(true);
  const draft = await ask(doorstep, 'code.read', { source: { from: 'screen' } });
  expect(draft!.items.map(({ issuer }) => issuer).sort()).toEqual(whole.map(({ name }) => name).sort());
  await minimize(false);

  await test.step('our own window lies over it', async () => {
    await app.evaluate(({ BrowserWindow }) => {
      const [main] = BrowserWindow.getAllWindows();
      main?.setBounds({ x: 0, y: 0, width: 1280, height: 900 });
      main?.moveTop();
      main?.focus();
    });
    expect((await ask(doorstep, 'code.read', { source: { from: 'screen' } }))!.items).toHaveLength(3);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().every((one) => one.isVisible()))).toBe(true);
  });

  await test.step('through the viewfinder, an export in two parts', async () => {
    // Both parts are on the screen; the frame is over one.
    await browser.show([qrPicture(parts[1]!, 4), qrPicture(parts[0]!, 4)]);
    await minimize(true);
    const [finder, { reading }] = await openFinder();
    await expect(finder.getByText('Move this frame over the QR code.')).toBeVisible();
    expect(await finder.evaluate(() => ['doorstep' in window, 'require' in window, typeof process])).toEqual([false, false, 'undefined']);
    await app.evaluate(({ BrowserWindow }) => {
      const frame = BrowserWindow.getAllWindows().find((one) => one.webContents.getURL().includes('viewfinder'));
      frame?.setBounds({ x: 0, y: 40, width: 290, height: 420 });
    });
    const found = await reading;
    expect(found).toMatchObject({ parts: { seen: [2], of: 2 }, items: [{ issuer: 'Phone', account: 'phone1' }] });
    await browser.show([qrPicture(parts[0]!, 4)]);
    const whole = await ask(doorstep, 'code.read', { source: { from: 'screen' }, draftId: found!.draftId });
    expect(whole).toMatchObject({ parts: { seen: [1, 2], of: 2 }, items: [{}, {}] });
    await ask(doorstep, 'code.keep', { draftId: whole!.draftId, indexes: [0, 1] });
    await browser.show([]);
  });

  await test.step('the viewfinder is closed by its link and by Escape', async () => {
    for (const close of ['link', 'escape']) {
      const [finder, { reading }] = await openFinder();
      await expect(finder.getByText('Move this frame over the QR code.')).toBeVisible();
      if (close === 'link') await shootScreen(session.env, 'app-codes-viewfinder');
      if (close === 'link') await finder.getByRole('link').click();
      else {
        // A key goes to the window that has the focus: first it must be on the screen.
        const hasFocus = () =>
          app.evaluate(({ BrowserWindow }) => BrowserWindow.getFocusedWindow()?.webContents.getURL().includes('viewfinder') === true);
        await expect.poll(hasFocus).toBe(true);
        await xdotool(session.env, 'key', 'Escape');
      }
      expect(await reading).toBeNull();
    }
  });
  await minimize(false);
  await openCodes();
  await expect(window.getByText('phone0')).toBeVisible();
});

test('a code is copied and cleared, renamed, moved, removed and brought back, and all is so after a restart', async () => {
  await begin();
  const sites = [site(), site(), site()];
  await keepAll({ from: 'text', text: sites.map(({ link }) => link).join('\n') });
  await openCodes();
  const { app, window } = doorstep;
  const clipboard = () => app.evaluate(({ clipboard }) => clipboard.readText());
  const [first] = (await doorstep.state()).codes;

  await button(`Copy the code for ${sites[0]!.name}`).click();
  await expect(window.getByText(/copied\. Cleared in 30 seconds\./)).toBeVisible();
  expect([oathtool(sites[0]!.secret, Date.now()), oathtool(sites[0]!.secret, Date.now() - 30_000)]).toContain(await clipboard());
  await expect.poll(clipboard, { timeout: 40_000, intervals: [1_000] }).toBe('');
  await ask(doorstep, 'code.copy', { id: first!.id });
  await app.evaluate(({ clipboard }) => clipboard.writeText('what the person copied then'));

  await ask(doorstep, 'code.rename', { id: first!.id, name: 'Work mail' });
  await ask(doorstep, 'code.move', { id: first!.id, to: 2 });
  await ask(doorstep, 'code.remove', { id: first!.id });
  await expect(window.getByText('The code for Work mail is removed.')).toBeVisible();
  await shoot('removed');
  await button('Bring it back').click();
  await expect(window.getByText('The code for Work mail is back.')).toBeVisible();
  await restart();
  expect((await doorstep.state()).codes.map(({ name, issuer }) => name || issuer)).toEqual([sites[1]!.name, sites[2]!.name, 'Work mail']);
  const [gone] = (await doorstep.state()).codes;
  await ask(doorstep, 'code.remove', { id: gone!.id });
  await doorstep.quit();
  expect((await keyringEntries(session.env)).filter(({ account }) => account.includes('/seed/'))).toHaveLength(2);
  doorstep = await launchDoorstep({ env: session.env, server: backend.origin, data: doorstep.data });
  await expect.poll(async () => (await doorstep.state()).codes.length).toBe(2);
});

test('a counter-based code is never shown twice, however the app ends', async () => {
  await begin();
  const { key, link, name } = site({ kind: 'hotp', query: '&counter=40' });
  await keepAll({ from: 'text', text: link });
  const told: string[] = [];
  await openCodes();
  await button(`Show a code: ${name}`).click();
  await expect(button(`New code: ${name}`)).toBeVisible();
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
    await restart();
    await late;
  }
  const all = Array.from({ length: 30 }, (_, ahead) => hotp(key, 40 + ahead, { algorithm: 'SHA1', digits: 6 }));
  expect(new Set(told).size).toBe(told.length);
  const places = told.map((code) => all.indexOf(code));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
});

test('codes leave with the PIN and a passphrase alone, and come back in another place', async () => {
  await begin();
  const sites = [site({ query: '&algorithm=SHA256&digits=8&period=60' }), site({ kind: 'hotp', query: '&counter=7' })];
  await keepAll({ from: 'text', text: sites.map(({ link }) => link).join('\n') });
  const passphrase = 'four words that travel';
  const file = join(doorstep.data, 'codes.doorstep');
  await answerFileDialogs(doorstep.app, file);
  expect(await refused(doorstep, 'code.export', { passphrase })).toBe('guard.not-set');
  await ask(doorstep, 'guard.set-pin', { pin: '482915' });
  expect((await doorstep.state()).exportGuard).toBe('pin');
  expect(await refused(doorstep, 'code.export', { passphrase })).toBe('guard.wrong');
  for (let tries = 0; tries < 2; tries++) expect(await refused(doorstep, 'code.export', { passphrase, pin: '000000' })).toBe('guard.wrong');
  await ask(doorstep, 'code.export', { passphrase, pin: '482915' });
  expect(
    filesHolding(
      doorstep.data,
      sites.map(({ secret }) => secret),
    ),
  ).toEqual([]);
  await restart();
  await answerFileDialogs(doorstep.app, file);
  for (let tries = 0; tries < 3; tries++) expect(await refused(doorstep, 'code.export', { passphrase, pin: '000000' })).toBe('guard.wrong');
  await restart();
  expect(await refused(doorstep, 'code.export', { passphrase, pin: '482915' })).toBe('guard.waiting');

  const elsewhere = await launchDoorstep({ env: session.env, server: backend.origin });
  try {
    await expect.poll(async () => (await elsewhere.state()).keychain).toBe('ready');
    await answerFileDialogs(elsewhere.app, file);
    expect(await refused(elsewhere, 'code.import', { passphrase: 'something else' })).toBe('export.wrong-passphrase');
    expect(await ask(elsewhere, 'code.import', { passphrase })).toEqual({ added: 2, known: 0 });
    const [shown] = await ask(elsewhere, 'code.show', {});
    expect(shown!.code).toBe(oathtool(sites[0]!.secret, shown!.from, { algorithm: 'SHA256', digits: 8, period: 60 }));
    const counted = (await elsewhere.state()).codes[1]!;
    expect((await ask(elsewhere, 'code.next', { id: counted.id })).code).toBe(hotp(sites[1]!.key, 7, { algorithm: 'SHA1', digits: 6 }));
  } finally {
    await elsewhere.quit();
    elsewhere.remove();
  }
});

test('a touched key guards the way out', async () => {
  const bus = createBus();
  cleanUp.push(() => bus.close());
  await begin({}, bus.env);
  await keepAll({ from: 'text', text: site().link });
  const key = new VirtualToken({ touch: { kind: 'by-hand' } });
  await bus.plug(key, { product: 'Blue key' });
  await expect.poll(async () => (await doorstep.state()).tokens.map(({ state }) => state.kind)).toEqual(['ready']);
  const touched = async <T>(work: Promise<T>): Promise<T> => {
    await expect.poll(() => key.wantsTouch).toBe(true);
    key.touch();
    return work;
  };
  const [token] = (await doorstep.state()).tokens;
  await touched(ask(doorstep, 'key.enroll', { tokenId: token!.id, name: 'Blue key' }));
  await touched(ask(doorstep, 'guard.use-key', {}));
  expect((await doorstep.state()).exportGuard).toBe('key');
  const file = join(doorstep.data, 'codes.doorstep');
  await answerFileDialogs(doorstep.app, file);
  const passphrase = 'four words that travel';
  const left = refused(doorstep, 'code.export', { passphrase });
  await expect(doorstep.window.getByRole('heading', { name: 'Touch your key' })).toBeVisible();
  await shoot('touch-to-export');
  await doorstep.window
    .getByRole('dialog')
    .getByRole('button', { name: /cancel|stop/i })
    .click();
  expect(await left).toBe('token.canceled');
  expect(readdirSync(doorstep.data)).not.toContain('codes.doorstep');
  expect(await touched(ask(doorstep, 'code.export', { passphrase }))).toEqual({ path: file, count: 1 });
});

test('a keychain that is killed, locked or wiped: each is said, and nothing is lost', async () => {
  await begin({ activation: false });
  await keepAll({ from: 'text', text: site().link });
  session.killKeyring();
  await session.startLockedKeyring();
  await restartLocked();
  expect((await doorstep.state()).codes).toHaveLength(1);
  expect(await refused(doorstep, 'code.show', {})).toMatch(/^keychain\.(locked|dismissed)$/);
  const draft = await ask(doorstep, 'code.read', { source: { from: 'text', text: site().link } });
  expect(await refused(doorstep, 'code.keep', { draftId: draft!.draftId, indexes: [0] })).toMatch(/^keychain\.(locked|dismissed)$/);
  await session.signIn();
  await ask(doorstep, 'keychain.retry', {});
  await expect.poll(async () => (await ask(doorstep, 'code.show', {})).length).toBe(1);
  await ask(doorstep, 'code.keep', { draftId: draft!.draftId, indexes: [0] });
  expect(await ask(doorstep, 'code.show', {})).toHaveLength(2);

  // Wiped from outside, as a person with their own tools can.
  const entries = await keyringEntries(session.env);
  for (const { account } of entries.filter((entry) => entry.account.includes('/seed/'))) await removeEntry(account);
  await restart();
  await expect.poll(async () => (await doorstep.state()).codes.map(({ state }) => state)).toEqual(['gone', 'gone']);
  await openCodes();
  await expect(doorstep.window.getByText('Its secret is not in the keychain any more.').first()).toBeVisible();
  await shoot('gone');
  for (const { id } of (await doorstep.state()).codes) await ask(doorstep, 'code.remove', { id });
  expect((await doorstep.state()).codes).toEqual([]);
});

test('the person’s own codes: enrolled by one proven code, and shown from then on', async () => {
  await begin();
  const { id } = await ask(doorstep, 'code.enroll-own', { name: 'Codes on this computer' });
  await expect
    .poll(async () => (await doorstep.state()).authenticators.filter(({ kind }) => kind === 'totp'))
    .toMatchObject([{ name: 'Codes on this computer', state: 'active' }]);
  const state = await doorstep.state();
  const way = state.authenticators.find(({ kind }) => kind === 'totp');
  expect(state.codes).toMatchObject([{ id, authenticatorId: way?.id, state: 'ready' }]);
  expect(await ask(doorstep, 'code.show', {})).toMatchObject([{ id }]);
  await openCodes();
  await shoot('own');
});

test('a window that shows codes asks to be left out of pictures of the screen', async () => {
  await begin();
  await doorstep.app.evaluate(({ BrowserWindow }) => {
    const asked: boolean[] = [];
    Object.assign(globalThis, { asked });
    for (const window of BrowserWindow.getAllWindows()) window.setContentProtection = (on) => void asked.push(on);
  });
  await keepAll({ from: 'text', text: site().link });
  await openCodes();
  await expect.poll(() => doorstep.app.evaluate(() => (globalThis as unknown as { asked: boolean[] }).asked)).toEqual([true]);
});

async function restartLocked(): Promise<void> {
  const { data } = doorstep;
  await doorstep.kill();
  doorstep = await launchDoorstep({ env: session.env, server: backend.origin, data });
  await expect.poll(async () => (await doorstep.state()).keychain, { timeout: 30_000 }).toMatch(/locked|dismissed/);
}

async function removeEntry(account: string): Promise<void> {
  const { execFileSync } = await import('node:child_process');
  const script = `require('@github/keytar').deletePassword('Doorstep', ${JSON.stringify(account)})`;
  execFileSync(process.execPath, ['-e', script], { cwd: PROJECT, env: session.env, timeout: 20_000 });
}

/** Processes whose command line or environment has one of the texts. */
function processesSaying(texts: readonly string[]): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const said = readFileSync(`/proc/${name}/cmdline`, 'latin1') + readFileSync(`/proc/${name}/environ`, 'latin1');
      return texts.some((text) => said.includes(text));
    } catch {
      // It has ended, or is not the person's.
      return false;
    }
  });
}

/** All that the window's page holds, as text. */
async function heapOf(window: Page): Promise<string> {
  const client = await window.context().newCDPSession(window);
  const chunks: string[] = [];
  client.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await client.send('HeapProfiler.takeHeapSnapshot');
  await client.detach();
  return chunks.join('');
}
