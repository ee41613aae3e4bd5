/** The real desktop app in real Electron, driven by Playwright, with a data folder and a session of its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
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

export async function launchDoorstep(options: LaunchOptions): Promise<DoorstepApp> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'doorstep-data-'));
  const app = await _electron.launch({
    executablePath: electronBinary(),
    args: [PROJECT, ...(options.args ?? [])],
    chromiumSandbox: true,
    env: { ...options.env, DOORSTEP_DATA: data, DOORSTEP_SERVER: options.server },
    timeout: 60_000,
  });
  let log = '';
  app.process().stderr?.on('data', (text: Buffer) => {
    log += text.toString();
  });
  const exited = new Promise<void>((done) => app.process().once('exit', () => done()));
  const page = await app.firstWindow();
  await page.waitForLoadState('load');
  return {
    app,
    window: page,
    data,
    log: () => log,
    state: async () => {
      const outcome = await page.evaluate(() => window.doorstep!.invoke('state.get', {}));
      if (!outcome.ok) throw new Error(`the state was refused: ${outcome.code}`);
      return outcome.value;
    },
    async quit() {
      await app.close();
      await exited;
    },
    async kill() {
      app.process().kill('SIGKILL');
      await exited;
    },
    remove: () => rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
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
