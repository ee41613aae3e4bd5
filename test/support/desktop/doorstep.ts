/** The real desktop app in real Electron, driven by Playwright, with a data folder and a session of its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import type { AppState } from '../../../src/contract/ipc.ts';

export const PROJECT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

export interface DoorstepApp extends Driven {
  readonly window: Page;
  /** The app's data folder. It stays until `remove`. */
  readonly data: string;
  /** The state as the window gets it. */
  state(): Promise<AppState>;
  remove(): void;
}

export interface LaunchOptions {
  /** Session, token bus, practice key: whatever the app should find in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly server: string;
  /** The folder of an earlier run; without it a fresh one. */
  readonly data?: string;
  readonly args?: readonly string[];
}

/** The runtime that the set-up prepared, as the test run names it. */
export function electronBinary(): string {
  const named = process.env['DOORSTEP_ELECTRON'];
  if (named === undefined) throw new Error('DOORSTEP_ELECTRON does not name the runtime. Run the tests with: npm test');
  return named;
}

export async function launchDoorstep(options: LaunchOptions): Promise<DoorstepApp> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'doorstep-data-'));
  const driven = await launchElectron([PROJECT, ...(options.args ?? [])], {
    ...options.env,
    DOORSTEP_DATA: data,
    DOORSTEP_SERVER: options.server,
  });
  const page = await driven.app.firstWindow({ timeout: ATTACH_MS });
  await page.waitForLoadState('load', { timeout: ATTACH_MS });
  return {
    ...driven,
    window: page,
    data,
    state: async () => {
      const outcome = await page.evaluate(() => window.doorstep!.invoke('state.get', {}));
      if (!outcome.ok) throw new Error(`the state was refused: ${outcome.code}`);
      return outcome.value;
    },
    remove: () => rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

/** A program in Electron that the driver has hold of. */
export interface Driven {
  readonly app: ElectronApplication;
  /** All that it has written to standard error so far. */
  log(): string;
  /** Ends it and waits for it. */
  quit(): Promise<void>;
  /** Kills it as a power cut would. */
  kill(): Promise<void>;
}

const ATTACH_MS = 20_000;
/**
 * Attached while a window loads, Playwright may miss that its page has come (Page.frameNavigated), and waits for that word
 * beside a program that is up and well: one launch in five on a busy machine. So the program waits for Playwright.
 */
const UNTIL_ATTACHED = join(PROJECT, 'test', 'support', 'desktop', 'until-attached.cjs');

export async function launchElectron(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Driven> {
  const app = await _electron.launch({
    executablePath: electronBinary(),
    args: ['-r', UNTIL_ATTACHED, ...args],
    chromiumSandbox: true,
    env: { ...env },
    timeout: ATTACH_MS,
  });
  return drive(app);
}

function drive(app: ElectronApplication): Driven {
  const running = app.process();
  let log = '';
  running.stderr?.on('data', (text: Buffer) => {
    log += text.toString();
  });
  const exited = new Promise<void>((done) => running.once('exit', () => done()));
  return {
    app,
    log: () => log,
    async quit() {
      const asked = app.close().catch(() => undefined);
      if (await within(exited, ATTACH_MS)) {
        // The driver waits on until nobody holds the app's standard error any more.
        if (!(await within(asked, ATTACH_MS))) throw new Error(`a process of the app outlives it. The app said:\n${log}`);
        return;
      }
      // The driver may be deaf: the system asks the app to end, as at a log-out.
      process.emitWarning(`the app did not end when the driver asked, and is asked by the system. It said:\n${log.slice(-1_000)}`);
      running.kill('SIGTERM');
      if (!(await within(exited, ATTACH_MS))) throw new Error(`the app does not end. It said:\n${log}`);
    },
    async kill() {
      running.kill('SIGKILL');
      await exited;
    },
  };
}

/** Whether it came within so many milliseconds. */
async function within(awaited: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([awaited.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Every file below a folder whose bytes hold one of the texts: what must be nowhere in plain. */
export function filesHolding(folder: string, texts: readonly string[]): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    if (texts.some((text) => bytes.includes(text) || bytes.includes(Buffer.from(text, 'latin1')))) found.push(path);
  }
  return found;
}
