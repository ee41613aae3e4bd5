/** The Electron security checklist, one test an item that can be seen in a run from source. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { type DoorstepApp, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';

/** Nobody listens there: these tests need no backend. */
const SERVER = 'http://localhost:1';
let session: DesktopSession;
let doorstep: DoorstepApp;

test.beforeAll(async () => {
  session = await startDesktopSession();
  await session.unlockKeyring();
  doorstep = await launchDoorstep({ env: session.env, server: SERVER });
});
test.afterAll(async () => {
  await doorstep.quit();
  doorstep.remove();
  await session.stop();
});

/** The web preferences that the window really has. */
const preferences = () =>
  doorstep.app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> };
    return contents.getLastWebPreferences();
  });
const address = () => doorstep.window.evaluate(() => window.location.href);

test('1 the window loads nothing but our own scheme', async () => {
  const loaded = await doorstep.window.evaluate(() => [
    window.location.href,
    ...[...document.scripts].map((script) => script.src),
    ...[...document.styleSheets].map((sheet) => sheet.href ?? 'inline'),
  ]);
  expect(loaded.length).toBeGreaterThan(2);
  expect(loaded.filter((name) => !name.startsWith('app://doorstep/'))).toEqual([]);
  const reached = await doorstep.window.evaluate(async () => {
    const image = (src: string) =>
      new Promise<boolean>((resolve) => {
        const picture = new Image();
        picture.onload = () => resolve(true);
        picture.onerror = () => resolve(false);
        picture.src = src;
      });
    return [
      await fetch('https://example.org/').then(
        () => true,
        () => false,
      ),
      await fetch('http://localhost:1/').then(
        () => true,
        () => false,
      ),
      await image('http://localhost:1/x.png'),
    ];
  });
  expect(reached).toEqual([false, false, false]);
});

test('2 the window has no Node', async () => {
  const found = await doorstep.window.evaluate(() =>
    ['require', 'process', 'module', 'Buffer', 'global', '__dirname'].filter((name) => name in window),
  );
  expect(found).toEqual([]);
  const shown = await preferences();
  for (const name of ['nodeIntegration', 'nodeIntegrationInSubFrames', 'nodeIntegrationInWorker']) expect(shown[name] ?? false).toBe(false);
});

test('3 the preload lives in a world of its own', async () => {
  expect(await preferences()).toMatchObject({ contextIsolation: true });
  // A function that came over from another world shows none of its source, and the page cannot put another in its place.
  const bridge = await doorstep.window.evaluate(() => {
    const { doorstep: before } = window;
    const native = Object.values(before!).map((each) => Function.prototype.toString.call(each).includes('[native code]'));
    const invoke = before!.invoke;
    Reflect.set(before!, 'invoke', () => 'mine');
    Reflect.set(window, 'doorstep', { invoke: () => 'mine' });
    return { native, kept: window.doorstep!.invoke === invoke };
  });
  expect(bridge).toEqual({ native: [true, true], kept: true });
});

test('4 the renderer is in the sandbox of the operating system', async () => {
  expect(await preferences()).toMatchObject({ sandbox: true });
  const pid = await doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId());
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  // 2 is SECCOMP_MODE_FILTER (proc(5)).
  expect(status).toMatch(/^Seccomp:\s+2$/m);
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
});

test('5 every permission is denied', async () => {
  const answers = await doorstep.window.evaluate(async () => {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true }).then(
      () => 'granted',
      () => 'denied',
    );
    const position = await new Promise((resolve) =>
      navigator.geolocation.getCurrentPosition(
        () => resolve('granted'),
        () => resolve('denied'),
      ),
    );
    const clipboard = await navigator.clipboard.readText().then(
      () => 'granted',
      () => 'denied',
    );
    return [await Notification.requestPermission(), media, position, clipboard];
  });
  expect(answers).toEqual(['denied', 'denied', 'denied', 'denied']);
});

test('6, 8, 9, 10 the web is as strict as Chromium ships it', async () => {
  const found = await preferences();
  expect(found).toMatchObject({ webSecurity: true, allowRunningInsecureContent: false, experimentalFeatures: false });
  expect(found['enableBlinkFeatures'] ?? '').toBe('');
});

test('7 a strict policy stands in the header and holds', async () => {
  const header = await doorstep.app.evaluate(async ({ session: sessions }) => {
    const answer = await sessions.fromPartition('windows').fetch('app://doorstep/index.html');
    return answer.headers.get('content-security-policy');
  });
  expect(header).toContain("default-src 'none'");
  expect(header).not.toContain('unsafe');
  const ran = await doorstep.window.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'document.documentElement.dataset.injected = "yes"';
    document.head.append(script);
    const outside = document.createElement('script');
    outside.src = 'https://example.org/x.js';
    const outsideRan = await new Promise<boolean>((resolve) => {
      outside.onload = () => resolve(true);
      outside.onerror = () => resolve(false);
      document.head.append(outside);
    });
    const attribute = document.createElement('button');
    attribute.setAttribute('onclick', 'document.documentElement.dataset.clicked = "yes"');
    document.body.append(attribute);
    attribute.click();
    const frame = document.createElement('iframe');
    frame.src = 'app://doorstep/index.html';
    document.body.append(frame);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const framed = frame.contentDocument?.querySelector('script') ?? null;
    for (const made of [script, outside, attribute, frame]) made.remove();
    return [document.documentElement.dataset['injected'], document.documentElement.dataset['clicked'], outsideRan, framed];
  });
  expect(ran).toEqual([undefined, undefined, false, null]);
});

test('7 the window cannot make code out of text', async () => {
  const outcome = await doorstep.app.evaluate(({ BrowserWindow }) =>
    // Playwright's own evaluation is exempt from the page's policy, so the page is made to try it itself.
    BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(
      `new Promise((resolve) => { const timer = setTimeout(() => resolve('nothing'), 500);
        addEventListener('securitypolicyviolation', (event) => { clearTimeout(timer); resolve(event.effectiveDirective); }, { once: true });
        setTimeout('document.title = "made"', 0); })`,
    ),
  );
  expect(outcome).toBe('script-src');
});

test('11, 12 there is no webview', async () => {
  expect(await preferences()).toMatchObject({ webviewTag: false });
  const inside = await doorstep.window.evaluate(async () => {
    const view = document.createElement('webview');
    view.setAttribute('src', 'https://example.org');
    document.body.append(view);
    await new Promise((resolve) => setTimeout(resolve, 300));
    view.remove();
    return 'loadURL' in view;
  });
  expect(inside).toBe(false);
  const contents = await doorstep.app.evaluate(({ webContents }) => webContents.getAllWebContents().map((each) => each.getType()));
  expect(contents).toEqual(['window']);
});

test('13 the window goes nowhere else', async () => {
  const home = await address();
  for (const target of [
    'https://example.org/',
    'http://localhost:1/',
    'file:///etc/passwd',
    'app://elsewhere/index.html',
    'data:text/html,hello',
    'javascript:document.write(1)',
  ]) {
    await doorstep.window.evaluate((to) => {
      window.location.href = to;
    }, target);
    await doorstep.window.waitForTimeout(150);
    expect(await address()).toBe(home);
  }
  await doorstep.window.evaluate(() => {
    const form = document.createElement('form');
    form.action = 'https://example.org/';
    form.method = 'post';
    document.body.append(form);
    form.submit();
    form.remove();
  });
  await doorstep.window.waitForTimeout(150);
  expect(await address()).toBe(home);
});

test('14, 15 no new window; only the fixed pages open outside', async () => {
  await doorstep.app.evaluate(({ shell }) => {
    const opened: string[] = [];
    Object.assign(globalThis, { opened });
    shell.openExternal = async (url: string) => void opened.push(url);
  });
  const targets = [
    'https://example.org/',
    'file:///etc/passwd',
    'smb://host/share',
    `${SERVER}/security/../admin`,
    `${SERVER}/security?next=https://example.org`,
    `${SERVER}/security`,
    'app://doorstep/index.html',
  ];
  const windows = await doorstep.window.evaluate((urls) => urls.map((url) => window.open(url) === null), targets);
  expect(windows).toEqual(targets.map(() => true));
  const after = await doorstep.app.evaluate(({ BrowserWindow }) => ({
    windows: BrowserWindow.getAllWindows().length,
    opened: (globalThis as unknown as { opened: string[] }).opened,
  }));
  expect(after).toEqual({ windows: 1, opened: [`${SERVER}/security`] });
});

test('17 the door answers our own window alone', async () => {
  const outcomes = await doorstep.app.evaluate(async ({ app, BrowserWindow, session: sessions }) => {
    const path = `${app.getAppPath()}/dist/preload/index.cjs`;
    const ask = async (url: string, partition: string) => {
      const made = new BrowserWindow({ show: false, webPreferences: { preload: path, session: sessions.fromPartition(partition) } });
      await made.loadURL(url).catch(() => undefined);
      const outcome: unknown = await made.webContents.executeJavaScript(
        `window.doorstep.invoke('state.get', {}).then((o) => o.code ?? 'ok')`,
      );
      made.destroy();
      return outcome;
    };
    return [await ask('app://doorstep/index.html', 'windows'), await ask('data:text/html,hello', 'elsewhere')];
  });
  expect(outcomes).toEqual(['ipc.refused', 'ipc.refused']);
  const own = await doorstep.window.evaluate(async () => {
    const invoke = window.doorstep!.invoke as (channel: unknown, request: unknown) => Promise<{ ok: boolean; code?: string }>;
    return [await invoke('nothing', {}), await invoke('state.get', { more: 1 }), await invoke('__proto__', {})].map(
      (outcome) => outcome.code,
    );
  });
  expect(own).toEqual(['ipc.refused', 'ipc.refused', 'ipc.refused']);
  expect(doorstep.log()).toContain('door.refused');
});

test('18 no file: our scheme serves the built windows and nothing beside them', async () => {
  const answers = await doorstep.app.evaluate(async ({ session: sessions }) => {
    const windows = sessions.fromPartition('windows');
    const status = async (url: string) => (await windows.fetch(url)).status;
    return [
      await status('app://doorstep/index.html'),
      await status('app://doorstep/../main/index.cjs'),
      await status('app://doorstep/%2e%2e/main/index.cjs'),
      await status('app://doorstep/..%2fmain%2findex.cjs'),
      await status('app://doorstep/'),
      await status('app://elsewhere/index.html'),
    ];
  });
  expect(answers).toEqual([200, 404, 404, 404, 404, 404]);
  expect(await address()).toBe('app://doorstep/index.html');
});

test('20 of Electron the window has two functions, and neither hands on an event', async () => {
  const shape = await doorstep.window.evaluate(async () => {
    const heard: unknown[][] = [];
    const stop = window.doorstep!.subscribe((...words: unknown[]) => void heard.push(words));
    await window.doorstep!.invoke('keychain.retry', {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    stop();
    return {
      names: Object.keys(window.doorstep!).sort(),
      words: [...new Set(heard.map((words) => words.length))],
      members: Object.keys((heard[0]?.[0] ?? {}) as object),
      electron: ['ipcRenderer', 'electron', 'electronAPI', 'contextBridge'].filter((name) => name in window),
    };
  });
  expect(shape.names).toEqual(['invoke', 'subscribe']);
  expect(shape.words).toEqual([1]);
  expect(shape.members).toContain('keychain');
  expect(shape.members).not.toContain('sender');
  expect(shape.electron).toEqual([]);
});

test('a second start shows the first one and ends', async () => {
  await doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
  const { spawn } = await import('node:child_process');
  const { electronBinary, PROJECT } = await import('../../support/desktop/doorstep.ts');
  const second = spawn(electronBinary(), [PROJECT], { env: { ...session.env, DOORSTEP_DATA: doorstep.data }, stdio: 'ignore' });
  const code = await new Promise((resolve) => second.once('exit', resolve));
  expect(code).toBe(0);
  expect(await doorstep.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((each) => each.isMinimized()))).toEqual([
    false,
  ]);
});

test('the data folder is private, and what the window and the backend set is kept in memory alone', async () => {
  const { statSync, existsSync } = await import('node:fs');
  expect(statSync(doorstep.data).mode & 0o777).toBe(0o700);
  // Sessions that are kept on disk have a folder of their own here.
  expect(existsSync(`${doorstep.data}/Partitions`)).toBe(false);
  const kept = await doorstep.app.evaluate(({ session: sessions }) =>
    ['windows', 'backend'].map((name) => sessions.fromPartition(name).getStoragePath()),
  );
  expect(kept).toEqual([null, null]);
});
