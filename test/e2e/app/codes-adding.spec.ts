/** How codes come into the real app: in every way that a person has, and what never holds them afterwards. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import {
  answerFileDialogs,
  ask,
  button,
  keepAll,
  type NewSite,
  newSite,
  oathtool,
  openCodes,
  openSite,
  qrPicture,
  refused,
  type Site,
  shootCodes,
} from '../../support/desktop/codes.ts';
import { test } from '../../support/desktop/desk.ts';
import { filesHolding } from '../../support/desktop/doorstep.ts';
import { keyringEntries } from '../../support/desktop/keyring-entries.ts';
import { shootScreen, xdotool } from '../../support/desktop/programs.ts';
import { migrationLink } from '../../unit/oath/migration-maker.ts';

test.use({ activation: true });

let site: Site | null = null;
test.afterEach(async () => {
  await site?.close();
  site = null;
});

test('a person adds codes in every way, and each is the one that oathtool says', async ({ desk }) => {
  const doorstep = await desk.open();
  const sites = Array.from({ length: 5 }, () => newSite());
  const [byLink, byFile, byClipboard, byPicture, byHand] = sites as [NewSite, ...NewSite[]] & typeof sites;
  const { window, app } = doorstep;

  await test.step('by its link', async () => {
    await openCodes(doorstep);
    await expect(window.getByText('No codes yet')).toBeVisible();
    await button(doorstep, 'Add a code').first().click();
    await window.getByRole('dialog').getByText('Type or paste a link').click();
    await window.getByRole('textbox', { name: 'Link' }).fill('otpauth://totp/x?secret=0000');
    await button(doorstep, 'Go on').click();
    await expect(window.getByText(/letter|secret/i).first()).toBeVisible();
    await window.getByRole('textbox', { name: 'Link' }).fill(byLink.link);
    await button(doorstep, 'Go on').click();
    await expect(window.getByText('Keep this code?')).toBeVisible();
    await button(doorstep, 'Keep it').click();
    await expect(window.getByText(`The code for ${byLink.name} is added.`)).toBeVisible();
  });

  await test.step('by a picture file', async () => {
    const file = join(doorstep.data, 'site.png');
    writeFileSync(file, qrPicture(byFile!.link));
    await answerFileDialogs(app, file);
    await button(doorstep, 'Add a code').first().click();
    await window.getByRole('dialog').getByText('In a picture file').click();
    await expect(window.getByRole('dialog').getByText(byFile!.name)).toBeVisible();
    await shootCodes(doorstep, 'found');
    await button(doorstep, 'Keep it').click();
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
    await keepAll(doorstep, { from: 'clipboard' });
    await app.evaluate(({ clipboard, nativeImage }, png) => {
      (clipboard as unknown as { writeImage(image: unknown): void }).writeImage(nativeImage.createFromBuffer(Buffer.from(png, 'base64')));
    }, qrPicture(byPicture!.link).toString('base64'));
    await keepAll(doorstep, { from: 'clipboard' });
  });

  await test.step('typed', async () => {
    await button(doorstep, 'Add a code').first().click();
    await window.getByRole('dialog').getByText('Type the secret').click();
    await window.getByRole('textbox', { name: 'Site' }).fill(byHand!.name);
    await window.getByRole('textbox', { name: 'Secret' }).fill(byHand!.secret.toLowerCase().replace(/(.{4})/g, '$1 '));
    await button(doorstep, 'Add this code').click();
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
  await shootCodes(doorstep, 'list');

  await test.step('all of it is in the keychain, an entry each, and nowhere else', async () => {
    const entries = await keyringEntries(desk.session.env);
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

test('codes are read off the screen: the whole of it, behind our own window, and through the viewfinder', async ({ desk }) => {
  const doorstep = await desk.open();
  const whole = Array.from({ length: 3 }, () => newSite());
  const entries = [0, 1].map((index) => ({
    secret: newSite().key,
    name: `phone${index}`,
    issuer: 'Phone',
    algorithm: 1,
    digits: 1,
    type: 2,
  }));
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

  const browser = await openSite(desk.session.env);
  site = browser;
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
    await expect(finder.getByText('Move this frame over the square picture.')).toBeVisible();
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
      await expect(finder.getByText('Move this frame over the square picture.')).toBeVisible();
      if (close === 'link') await shootScreen(desk.session.env, 'app-codes-viewfinder');
      if (close === 'link') await clickAway(finder);
      else {
        // A key goes to the window that has the focus: first it must be on the screen.
        const hasFocus = () =>
          app.evaluate(({ BrowserWindow }) => BrowserWindow.getFocusedWindow()?.webContents.getURL().includes('viewfinder') === true);
        await expect.poll(hasFocus).toBe(true);
        await xdotool(desk.session.env, 'key', 'Escape');
      }
      expect(await reading).toBeNull();
    }
  });

  await test.step('the viewfinder grows with the size of text', async () => {
    const textSize = (factor: number) =>
      app.evaluate(({ BrowserWindow }, zoom) => BrowserWindow.getAllWindows()[0]?.webContents.setZoomFactor(zoom), factor);
    await textSize(2);
    const [finder, { reading }] = await openFinder();
    await expect(finder.getByText('Move this frame over the square picture.')).toBeVisible();
    await shootScreen(desk.session.env, 'app-codes-viewfinder-large');
    const head = await finder.locator('header').boundingBox();
    const said = await finder.locator('p').boundingBox();
    expect([await finder.evaluate(() => innerWidth), head?.height]).toEqual([376, 56]);
    expect(said?.height ?? 99).toBeLessThanOrEqual(56);
    await app.evaluate(({ BrowserWindow }) => {
      const frame = BrowserWindow.getAllWindows().find((one) => one.webContents.getURL().includes('viewfinder'));
      frame?.setBounds({ x: 0, y: 0, width: 752, height: 848 });
    });
    await browser.show([qrPicture(parts[0]!, 4)]);
    expect(await reading).toMatchObject({ items: [{ account: 'phone0' }] });
    await browser.show([]);
    await textSize(1);
  });
  await minimize(false);
  await openCodes(doorstep);
  await expect(window.getByText('phone0')).toBeVisible();
});

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

/** Clicks the link that closes its window, which may be gone before the driver has heard that the click was done. */
async function clickAway(finder: Page): Promise<void> {
  const closed = finder.waitForEvent('close');
  await finder
    .getByRole('link')
    .click()
    .catch((error: unknown) => {
      if (!finder.isClosed()) throw error;
    });
  await closed;
}

async function heapOf(window: Page): Promise<string> {
  const client = await window.context().newCDPSession(window);
  const chunks: string[] = [];
  client.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await client.send('HeapProfiler.takeHeapSnapshot');
  await client.detach();
  return chunks.join('');
}
