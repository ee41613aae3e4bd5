/** What a person does with codes around the app: pictures by `qrencode`, codes by `oathtool`, a site's picture on the screen. */
import { execFileSync } from 'node:child_process';
import { type Browser, chromium, type ElectronApplication, expect } from '@playwright/test';
import type { Outcome } from '../../../src/contract/errors.ts';
import type { IpcAnswers, IpcChannel, IpcRequest } from '../../../src/contract/ipc.ts';
import { encodeBase32 } from '../../../src/oath/base32.ts';
import { CHROMIUM } from '../../e2e/pages/look.ts';
import type { Desk } from './desk.ts';
import { type DoorstepApp, PROJECT } from './doorstep.ts';
import type { SessionEnv } from './programs.ts';

/** A picture file of the text. */
export function qrPicture(text: string, dots = 6): Buffer {
  return execFileSync('qrencode', ['-o', '-', '-s', String(dots), '--', text]);
}

/** The TOTP code of a base32 secret at an instant (ms since 1970), as the OATH Toolkit says it. */
export function oathtool(secret: string, at: number, { algorithm = 'SHA1', digits = 6, period = 30 } = {}): string {
  const form = [`--totp=${algorithm}`, '-d', String(digits), '-s', `${period}s`, '-N', `@${Math.floor(at / 1000)}`];
  return execFileSync('oathtool', [...form, '-b', secret], { encoding: 'utf8' }).trim();
}

function invoke(doorstep: DoorstepApp, channel: IpcChannel, request: unknown): Promise<Outcome<unknown>> {
  return doorstep.window.evaluate(
    ([name, body]) => (window.doorstep!.invoke as (channel: string, request: unknown) => Promise<Outcome<unknown>>)(name, body),
    [channel, request] as const,
  );
}

/** Asks main what a window of the app would ask, and expects an answer. */
export async function ask<C extends IpcChannel>(doorstep: DoorstepApp, channel: C, request: IpcRequest<C>): Promise<IpcAnswers[C]> {
  const outcome = await invoke(doorstep, channel, request);
  if (!outcome.ok) throw new Error(`${channel} failed: ${outcome.code} ${JSON.stringify(outcome.detail)}`);
  return outcome.value as IpcAnswers[C];
}

/** The error code that the window gets. */
export async function refused<C extends IpcChannel>(doorstep: DoorstepApp, channel: C, request: IpcRequest<C>): Promise<string> {
  const outcome = await invoke(doorstep, channel, request);
  return outcome.ok ? 'ok' : outcome.code;
}

export const openCodes = ({ window }: DoorstepApp) =>
  window
    .getByRole('navigation')
    .getByText(/^Codes/)
    .first()
    .click();

export const button = ({ window }: DoorstepApp, name: string | RegExp) =>
  window.getByRole('button', { name, exact: typeof name === 'string' });

export const shootCodes = ({ window }: DoorstepApp, name: string) =>
  window.screenshot({ path: `${PROJECT}/test-results/screens/app-codes-${name}.png`, animations: 'disabled' });

/** Kills the app as a power cut would, starts it again, and waits until it knows how its keychain is. */
export async function restart(desk: Desk, keychain = /^ready$/): Promise<DoorstepApp> {
  const { data, kill } = desk.doorstep;
  await kill();
  const doorstep = await desk.launch({ data });
  await expect.poll(async () => (await doorstep.state()).keychain, { timeout: 30_000 }).toMatch(keychain);
  return doorstep;
}

export interface NewSite {
  readonly key: Buffer;
  readonly secret: string;
  readonly name: string;
  readonly link: string;
}

/** A site's secret and its link, different each time. */
let made = 0;
export function newSite(members: { kind?: 'totp' | 'hotp'; query?: string } = {}): NewSite {
  made += 1;
  const key = Buffer.from(`0123456789abcde${String(made).padStart(5, '0')}`, 'ascii');
  const secret = encodeBase32(key);
  const name = `Site${made}`;
  const link = `otpauth://${members.kind ?? 'totp'}/${name}:alice?secret=${secret}&issuer=${name}${members.query ?? ''}`;
  return { key, secret, name, link };
}

/** Keeps every code that is found there. */
export async function keepAll(doorstep: DoorstepApp, source: IpcRequest<'code.read'>['source']): Promise<void> {
  const draft = await ask(doorstep, 'code.read', { source });
  if (draft === null) throw new Error('nothing was chosen');
  await ask(doorstep, 'code.keep', { draftId: draft.draftId, indexes: draft.items.map(({ index }) => index) });
}

/** The person answers the system's next file dialogs with this path; null closes them. */
export async function answerFileDialogs(app: ElectronApplication, path: string | null): Promise<void> {
  await app.evaluate(({ dialog }, chosen) => {
    Object.assign(dialog, {
      showOpenDialog: async () => ({ canceled: chosen === null, filePaths: chosen === null ? [] : [chosen] }),
      showSaveDialog: async () => ({ canceled: chosen === null, filePath: chosen ?? '' }),
    });
  }, path);
}

/** A browser window on the screen. */
export interface Site {
  /** Its page is these pictures, from the upper left on. */
  show(pictures: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}

export async function openSite(env: SessionEnv): Promise<Site> {
  const browser: Browser = await chromium.launch({
    ...CHROMIUM,
    headless: false,
    env: { ...env },
    args: [...CHROMIUM.args, '--window-position=0,0', '--window-size=1200,860'],
  });
  const page = await browser.newPage({ viewport: null });
  return {
    async show(pictures) {
      const images = pictures.map((picture) => `<img style="margin:24px" src="data:image/png;base64,${picture.toString('base64')}">`);
      await page.setContent(`<body style="background:#fff">${images.join('')}</body>`);
      // Two frames later it is on the screen.
      await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
    },
    close: () => browser.close(),
  };
}
