/** The token process may die at any moment: the app stays, says so, and starts another one. */
import { readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { type DoorstepApp, launchDoorstep, PROJECT } from '../../support/desktop/doorstep.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { type Bus, createBus, VirtualToken } from '../../support/token/index.ts';

let session: DesktopSession;
let bus: Bus;
let doorstep: DoorstepApp;

test.beforeEach(async () => {
  session = await startDesktopSession();
  await session.unlockKeyring();
  bus = createBus();
  doorstep = await launchDoorstep({ env: { ...session.env, ...bus.env }, server: 'http://localhost:1' });
});
test.afterEach(async () => {
  await doorstep.quit();
  doorstep.remove();
  await bus.close();
  await session.stop();
});

const shoot = (window: Page, name: string) =>
  window.screenshot({ path: `${PROJECT}/test-results/screens/app-token-process-${name}.png`, animations: 'disabled' });
const processId = async () => {
  const metrics = await doorstep.app.evaluate(({ app }) => app.getAppMetrics().map(({ type, name, pid }) => ({ type, name, pid })));
  return metrics.find(({ name }) => name === 'Doorstep tokens')?.pid ?? null;
};
const kinds = async () => (await doorstep.state()).tokens.map((token) => token.state.kind);

test('an abort in the middle of a call ends that call alone', async () => {
  const key = new VirtualToken({ touch: { kind: 'by-hand' } });
  await bus.plug(key, { product: 'Blue key' });
  await expect.poll(kinds).toEqual(['ready']);
  const [token] = (await doorstep.state()).tokens;
  const wiping = doorstep.window.evaluate((tokenId) => window.doorstep!.invoke('key.set-pin', { tokenId }), token?.id ?? '');
  await expect.poll(async () => (await doorstep.state()).prompt?.prompt.kind).toBe('new-pin');
  const pid = await processId();
  process.kill(pid ?? 0, 'SIGABRT');
  expect(await wiping).toEqual({ ok: false, code: 'token.process-down', detail: {} });
  await expect.poll(async () => (await doorstep.state()).fault?.code).toBe('token.process-down');
  await expect(doorstep.window.getByText('The part that talks to keys stopped', { exact: false }).first()).toBeVisible();
  await shoot(doorstep.window, 'stopped');
  expect((await doorstep.state()).prompt).toBeNull();
  await expect.poll(kinds).toEqual(['ready']);
  expect(await processId()).not.toBe(pid);
  await expect.poll(async () => (await doorstep.state()).fault).toBeNull();
});

test('it keeps stopping: the app stays, and the waits grow', async () => {
  await bus.plug(new VirtualToken(), { product: 'Blue key' });
  for (let crash = 0; crash < 5; crash += 1) {
    await expect.poll(processId).not.toBeNull();
    process.kill((await processId()) ?? 0, 'SIGABRT');
    await expect.poll(async () => (await doorstep.state()).fault?.detail['crashes']).toBe(crash + 1);
  }
  expect(doorstep.log().match(/"wait":(\d+)/g)).toEqual(['"wait":100', '"wait":200', '"wait":400', '"wait":800', '"wait":1600']);
  await expect.poll(kinds).toEqual(['ready']);
});

test('it is there while a key is, is a process of its own, and ends with the app', async () => {
  // Nothing has started it by then.
  await expect.poll(() => doorstep.log()).toContain('"event":"keychain.state"');
  expect(await processId()).toBeNull();
  await bus.plug(new VirtualToken(), { product: 'Blue key' });
  await expect.poll(processId).not.toBeNull();
  const pid = (await processId()) ?? 0;
  const own = await doorstep.app.evaluate(() => process.pid);
  expect(pid).not.toBe(own);
  // node-hid is nowhere but there.
  const holdsNodeHid = (id: number) => readFileSync(`/proc/${id}/maps`, 'utf8').includes('/node-hid/');
  await expect.poll(() => holdsNodeHid(pid)).toBe(true);
  expect(holdsNodeHid(own)).toBe(false);
  await doorstep.quit();
  await expect.poll(() => alive(pid)).toBe(false);
  doorstep = await launchDoorstep({ env: { ...session.env, ...bus.env }, server: 'http://localhost:1', data: doorstep.data });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
