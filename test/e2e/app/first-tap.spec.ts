/** One person's first day with a key: connects, enrolls, sets a PIN, answers a service, and takes the key away again. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { connectVpn, type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, filesHolding, launchDoorstep, PROJECT } from '../../support/desktop/doorstep.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { type Bus, createBus, type PluggedToken, VirtualToken } from '../../support/token/index.ts';

const PIN = '628416';
const OTHER_PIN = '9053172';

let session: DesktopSession;
let backend: DemoBackend;
let bus: Bus;
let doorstep: DoorstepApp;

test.beforeEach(async () => {
  [session, backend] = await Promise.all([startDesktopSession(), startDemoBackend()]);
  await session.unlockKeyring();
  bus = createBus();
  doorstep = await launchDoorstep({ env: { ...session.env, ...bus.env }, server: backend.origin });
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) {
    console.log(doorstep.log());
    console.log(JSON.stringify(await doorstep.state()));
    await shoot(doorstep.window, 'failed');
  }
  await doorstep.quit();
  doorstep.remove();
  await bus.close();
  await backend.stop();
  await session.stop();
});

const shoot = (window: Page, name: string) =>
  window.screenshot({ path: `${PROJECT}/test-results/screens/app-${name}.png`, animations: 'disabled' });
const button = (window: Page, name: string | RegExp) => window.getByRole('button', { name, exact: typeof name === 'string' });
const go = (window: Page, room: 'Home' | 'Keys' | 'Settings') =>
  window
    .getByRole('navigation')
    .getByText(new RegExp(`^${room}`))
    .first()
    .click();

test('a person connects, enrolls a key, sets and changes its PIN, answers the VPN, and removes the key', async () => {
  let { window } = doorstep;
  const key = new VirtualToken({ touch: { kind: 'by-hand' } });
  let plugged: PluggedToken;
  const touch = async () => {
    await expect.poll(() => key.wantsTouch).toBe(true);
    key.touch();
  };

  await test.step('connects with a code from the security page', async () => {
    await expect(window.getByRole('heading', { name: 'Connect this computer' })).toBeVisible();
    await window.getByLabel('Code from your security page').fill('AAAA-AAAA');
    await button(window, 'Connect').click();
    await expect(window.getByText('That code did not work.')).toBeVisible();
    await window.getByLabel('Code from your security page').fill(backend.demo.pairingCode.toLowerCase());
    await button(window, 'Connect').click();
    await expect(window.getByText('This computer is connected to')).toBeVisible();
    await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
    await shoot(window, '1-connected');
  });

  await test.step('plugs the key in, and sees what it is', async () => {
    plugged = await bus.plug(key, { product: 'Blue key', manufacturer: 'Northmoor Lab', serial: '0001' });
    await go(window, 'Keys');
    await expect(button(window, 'Add this key')).toBeVisible();
    await expect(window.getByText('No PIN yet')).toBeVisible();
    await shoot(window, '2-plugged-in');
  });

  await test.step('enrolls it with a touch', async () => {
    await button(window, 'Add this key').click();
    const dialog = window.getByRole('dialog');
    await dialog.getByLabel('Name of this key').fill('Blue key');
    await dialog.getByRole('button', { name: 'Add this key' }).click();
    await expect(window.getByRole('heading', { name: 'Touch your key' })).toBeVisible();
    await shoot(window, '3-touch-to-enroll');
    await touch();
    await expect(window.getByText('Blue key is added.')).toBeVisible();
    await expect.poll(async () => (await doorstep.state()).authenticators.map((each) => each.name)).toContain('Blue key');
    await shoot(window, '4-enrolled');
  });

  await test.step('knows it at once, and again when it is plugged in anew, with no touch', async () => {
    const card = window.getByRole('region', { name: 'Blue key' });
    await expect(card).toContainText('Plugged in');
    await expect(button(window, 'Add this key')).toHaveCount(0);
    await plugged.unplug();
    await expect(window.getByText('No key is plugged in')).toBeVisible();
    expect((await doorstep.state()).recognized).toEqual({});
    plugged = await bus.plug(key, { product: 'Northmoor key', manufacturer: 'Northmoor Lab', serial: '0001' });
    await expect(card).toContainText('Northmoor key.');
    expect(key.wantsTouch).toBe(false);
  });

  await test.step('sets a PIN, after one that is too short', async () => {
    await button(window, 'Set a PIN').click();
    const dialog = window.getByRole('dialog');
    await dialog.getByLabel('New PIN', { exact: true }).fill('62');
    await dialog.getByLabel('New PIN again', { exact: true }).fill('62');
    await dialog.getByRole('button', { name: 'Set this PIN' }).click();
    await expect(dialog.getByText('This key wants 4 digits or more. You typed 2.')).toBeVisible();
    await shoot(window, '5-pin-too-short');
    await dialog.getByLabel('New PIN', { exact: true }).fill(PIN);
    await dialog.getByLabel('New PIN again', { exact: true }).fill(PIN);
    await dialog.getByRole('button', { name: 'Set this PIN' }).click();
    await expect(window.getByText('The PIN is set.')).toBeVisible();
    await expect.poll(async () => (await doorstep.state()).tokens[0]?.pin.state).toBe('set');
  });

  await test.step('changes it, after a wrong one that costs a try', async () => {
    const dialog = window.getByRole('dialog');
    const typeOld = async (pin: string) => {
      await dialog.getByLabel('PIN of this key', { exact: true }).fill(pin);
      await dialog.getByRole('button', { name: 'Go on' }).click();
    };
    const typeNew = async (pin: string) => {
      await dialog.getByLabel('New PIN', { exact: true }).fill(pin);
      await dialog.getByLabel('New PIN again', { exact: true }).fill(pin);
      await dialog.getByRole('button', { name: 'Set this PIN' }).click();
    };
    await button(window, 'Change PIN').click();
    await typeOld('0000');
    // A key learns the old PIN and the new one in one command (CTAP 2.1, 6.5.5.6): only then can it say that the old one is wrong.
    await typeNew(OTHER_PIN);
    await expect(dialog.getByText(/Wrong PIN\. 7 tries left/)).toBeVisible();
    await shoot(window, '6-wrong-pin');
    await typeOld(PIN);
    await expect(window.getByText('The PIN is changed.')).toBeVisible();
  });

  await test.step('tries it', async () => {
    await button(window, 'Try this key').click();
    const dialog = window.getByRole('dialog');
    await dialog.getByLabel('PIN of this key', { exact: true }).fill(OTHER_PIN);
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await touch();
    await expect(window.getByText('Blue key works.')).toBeVisible();
  });

  await test.step('answers the VPN by a tap', async () => {
    const vpn = await connectVpn(backend);
    await go(window, 'Home');
    await expect(window.getByText('VPN asks: is this you?')).toBeVisible();
    await shoot(window, '7-request');
    await button(window, 'Touch your key').click();
    const dialog = window.getByRole('dialog');
    await dialog.getByLabel('PIN of this key', { exact: true }).fill(OTHER_PIN);
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await expect(dialog.getByText('VPN asks: is this you?')).toBeVisible();
    await shoot(window, '8-touch-for-the-vpn');
    await touch();
    await expect(window.getByText('VPN lets you in now.')).toBeVisible();
    expect(await vpn.outcome()).toBe('approved');
    await expect.poll(async () => (await doorstep.state()).challenges).toEqual([]);
    await shoot(window, '9-answered');
  });

  await test.step('a window that goes away while the key waits is a no; then the request is denied', async () => {
    const vpn = await connectVpn(backend);
    await button(window, 'Touch your key').click();
    await window.getByRole('dialog').getByLabel('PIN of this key', { exact: true }).fill(OTHER_PIN);
    await window.getByRole('dialog').getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => key.wantsTouch).toBe(true);
    await window.reload();
    await expect.poll(() => key.wantsTouch).toBe(false);
    await expect.poll(async () => (await doorstep.state()).prompt).toBeNull();
    await go(window, 'Home');
    await expect(window.getByText('VPN asks: is this you?')).toBeVisible();
    await button(window, 'Deny').click();
    await expect(window.getByText('VPN was denied. Nobody was let in.')).toBeVisible();
    expect(await vpn.outcome()).toBe('denied');
  });

  await test.step('after a restart with the key plugged in, its name is there before anybody touches it', async () => {
    await doorstep.quit();
    doorstep = await launchDoorstep({ env: { ...session.env, ...bus.env }, server: backend.origin, data: doorstep.data });
    window = doorstep.window;
    await expect(window.getByText('Blue key')).toBeVisible();
    await go(window, 'Keys');
    const card = window.getByRole('region', { name: 'Blue key' });
    await expect(card).toContainText('Northmoor key.');
    for (const name of ['Try this key', 'Rename', 'Remove Blue key']) await expect(card.getByRole('button', { name })).toBeVisible();
    await expect(button(window, 'Add this key')).toHaveCount(0);
    expect(key.wantsTouch).toBe(false);
    const [authenticator] = (await doorstep.state()).authenticators.filter(({ name }) => name === 'Blue key');
    expect(Object.values((await doorstep.state()).recognized)).toEqual([authenticator?.id]);
    await shoot(window, '10-known-after-a-restart');
  });

  await test.step('adds a spare key, then removes the first', async () => {
    await plugged.unplug();
    await expect(window.getByText('No key is plugged in')).toBeVisible();
    await bus.plug(new VirtualToken(), { product: 'Red key', serial: '0002' });
    await button(window, 'Add this key').click();
    await window.getByRole('dialog').getByLabel('Name of this key').fill('Spare key');
    await window.getByRole('dialog').getByRole('button', { name: 'Add this key' }).click();
    await expect(window.getByText('Spare key is added.')).toBeVisible();
    await button(window, 'More for Blue key').click();
    await button(window, 'Remove').click();
    await shoot(window, '12-remove');
    await window.getByRole('dialog').getByRole('button', { name: 'Remove Blue key' }).click();
    await expect(window.getByText('Blue key is removed.')).toBeVisible();
    const names = async () => (await doorstep.state()).authenticators.filter((each) => each.state === 'active').map((each) => each.name);
    await expect.poll(names).not.toContain('Blue key');
    expect(await names()).toContain('Spare key');
    await shoot(window, '13-removed');
  });

  await test.step('nothing secret is in plain files, in the log, in an argument or in the environment of any process', async () => {
    expect(filesHolding(doorstep.data, [PIN, OTHER_PIN, backend.demo.pairingCode, 'PRIVATE KEY'])).toEqual([]);
    for (const secret of [PIN, OTHER_PIN, backend.demo.pairingCode]) expect(doorstep.log()).not.toContain(secret);
    for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
      for (const part of ['cmdline', 'environ']) {
        let text = '';
        try {
          text = readFileSync(`/proc/${name}/${part}`, 'latin1');
        } catch {
          // Gone by now, or somebody else's.
          continue;
        }
        for (const secret of [PIN, OTHER_PIN, backend.demo.pairingCode]) expect(text.includes(secret), `${part} of ${name}`).toBe(false);
      }
    }
  });
});
