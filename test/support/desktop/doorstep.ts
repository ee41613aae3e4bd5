/** The real desktop app in real Electron, driven by Playwright, with a data folder and a session of its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, errors, type Page } from '@playwright/test';
import type { AppState } from '../../../src/contract/ipc.ts';

export const PROJECT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

export interface DoorstepApp {
  readonly app: ElectronApplication;
  readonly window: Page;
  /** The app's data folder. */
  readonly data: string;
  /** All that the app has written to standard error so far. */
  log(): string;
  /** The state as the window gets it. */
  state(): Promise<AppState>;
  /** Ends the app and waits for it. The data folder stays until `remove`. */
  quit(): Promise<void>;
  /** Kills the app as a power cut would. */
  kill(): Promise<void>;
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

/** Now and then the driver waits forever for a word of the debugger, beside an app that is up: then it tries anew. */
const TRIES = 3;
const ATTACH_MS = 20_000;

export async function launchDoorstep(options: LaunchOptions): Promise<DoorstepApp> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'doorstep-data-'));
  const { app, page, log, exited } = await attach(options, data, TRIES);
  return {
    app,
    window: page,
    data,
    log,
    state: async () => {
      const outcome = await page.evaluate(() => window.doorstep!.invoke('state.get', {}));
      if (!outcome.ok) throw new Error(`the state was refused: ${outcome.code}`);
      return outcome.value;
    },
    async quit() {
      const asked = app.close().catch(() => undefined);
      if (
        await within(
          asked.then(() => exited),
          ATTACH_MS,
        )
      )
        return;
      // The driver may be deaf: the system asks the app to end, as at a log-out.
      process.emitWarning(`the app did not end when the driver asked, and is asked by the system. It said:\n${log().slice(-1_000)}`);
      app.process().kill('SIGTERM');
      if (!(await within(exited, ATTACH_MS))) throw new Error(`the app does not end. It said:\n${log()}`);
    },
    async kill() {
      app.process().kill('SIGKILL');
      await exited;
    },
    remove: () => rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

interface Attached {
  readonly app: ElectronApplication;
  readonly page: Page;
  log(): string;
  readonly exited: Promise<void>;
}

async function attach(options: LaunchOptions, data: string, tries: number): Promise<Attached> {
  let app: ElectronApplication | null = null;
  try {
    app = await _electron.launch({
      executablePath: electronBinary(),
      args: [PROJECT, ...(options.args ?? [])],
      chromiumSandbox: true,
      env: { ...options.env, DOORSTEP_DATA: data, DOORSTEP_SERVER: options.server },
      timeout: ATTACH_MS,
    });
    let log = '';
    app.process().stderr?.on('data', (text: Buffer) => {
      log += text.toString();
    });
    const running = app.process();
    const exited = new Promise<void>((done) => running.once('exit', () => done()));
    const page = await app.firstWindow({ timeout: ATTACH_MS });
    await page.waitForLoadState('load');
    return { app, page, log: () => log, exited };
  } catch (error) {
    if (tries === 1 || !(error instanceof errors.TimeoutError)) throw error;
    app?.process().kill('SIGKILL');
    process.emitWarning(`the driver did not get hold of the app, and tries anew: ${error.message.slice(0, 200)}`);
    return attach(options, data, tries - 1);
  }
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
