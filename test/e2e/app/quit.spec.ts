/** Whatever hangs beside the app, it ends soon when it is asked to: by the person, and by their session at a log-out. */
import { expect } from '@playwright/test';
import { ask } from '../../support/desktop/codes.ts';
import { test } from '../../support/desktop/desk.ts';
import type { DoorstepApp } from '../../support/desktop/doorstep.ts';
import type { DesktopSession } from '../../support/desktop/session.ts';
import { VirtualToken } from '../../support/token/index.ts';

test.use({ activation: true });

/**
 * The app waits for 5 s at most, then takes itself apart. There Chromium waits for its own process of the network, 10 s at
 * most. A loaded machine gets more, milliseconds.
 */
const SOON = 30_000;

let session: DesktopSession;
let doorstep: DoorstepApp;
/** Processes that the test stopped: they end only when they are killed. */
let stopped: number[] = [];

test.beforeEach(async ({ session: theirs, bus, alone }) => {
  session = theirs;
  doorstep = alone;
  await expect.poll(async () => (await doorstep.state()).keychain).toBe('ready');
  await bus.plug(new VirtualToken(), { product: 'Blue key' });
  await expect.poll(async () => (await doorstep.state()).tokens.map((token) => token.state.kind)).toEqual(['ready']);
  // The app has something to do at the end: a code is taken off the clipboard, and one that was removed may be restored until then.
  const link = 'otpauth://totp/Site:amina?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Site';
  const draft = await ask(doorstep, 'code.read', { source: { from: 'text', text: link } });
  const { ids } = await ask(doorstep, 'code.keep', { draftId: draft?.draftId ?? '', indexes: [0] });
  const id = ids[0] ?? '';
  await ask(doorstep, 'code.copy', { id });
  await ask(doorstep, 'code.remove', { id });
});
test.afterEach(() => {
  for (const pid of stopped) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended with the app.
    }
  }
  stopped = [];
});

const stall = async (wanted: string) => {
  const all = await doorstep.app.evaluate(({ app }) => app.getAppMetrics().map(({ type, name, pid }) => ({ kind: name ?? type, pid })));
  const found = all.filter(({ kind }) => kind === wanted).map(({ pid }) => pid);
  expect(found).not.toEqual([]);
  for (const pid of found) process.kill(pid, 'SIGSTOP');
  stopped.push(...found);
};

const HANGING = {
  'the keychain': () => session.stallKeyring(),
  "the keychain's process": () => stall('Doorstep keychain'),
  "the keys' process": () => stall('Doorstep tokens'),
  'the window': () => stall('Tab'),
  'the network': () => stall('Network Service'),
  'the message bus': () => session.stallBus(),
  // Where Electron asks for it by promise, another program that holds the clipboard may keep it waiting.
  'the clipboard': () =>
    doorstep.app.evaluate(({ clipboard }) => void Object.assign(clipboard, { readText: () => new Promise(() => undefined) })),
};

const askToEnd = {
  person: () => void doorstep.app.evaluate(({ app }) => app.quit()).catch(() => undefined),
  session: () => void doorstep.app.process().kill('SIGTERM'),
};

async function endsSoon(askTo: () => void): Promise<void> {
  const running = doorstep.app.process();
  let late: NodeJS.Timeout | undefined;
  const end = new Promise<number | 'late' | null>((resolve) => {
    running.once('exit', resolve);
    late = setTimeout(resolve, SOON, 'late');
  });
  askTo();
  expect(await end).toBe(0);
  clearTimeout(late);
}

for (const [what, hang] of Object.entries(HANGING)) {
  test(`${what} hangs: the app ends with the person's session`, async () => {
    await hang();
    await endsSoon(askToEnd.session);
  });
}

test('all of it hangs at once: the app ends when the person ends it', async () => {
  for (const hang of Object.values(HANGING)) await hang();
  await endsSoon(askToEnd.person);
});
