/** Every screen and trouble of the desktop window, over a bridge that the test holds. */

import { expect } from '@playwright/test';
import type { AppState } from '../../../src/contract/ipc.ts';
import type { Prompt } from '../../../src/contract/tokens.ts';
import {
  blueKey,
  failedToken,
  inMinutes,
  libraryCode,
  officePc,
  oldToken,
  openingToken,
  paired,
  practiceToken,
  shownCode,
  spareKey,
  token,
  unpaired,
  vpn,
} from './app-states.ts';
import { test } from './app-window.ts';
import { FakeBridge } from './fake-bridge.ts';
import { look } from './look.ts';

const prompting = (about: NonNullable<AppState['prompt']>['about'], prompt: Prompt, id = 1): Partial<AppState> => ({
  prompt: { id, about, prompt },
});

test.describe('first run', () => {
  test('connects with a code, and says what is wrong with it', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, unpaired);
    await expect(page.getByRole('heading', { level: 1, name: 'Connect this computer' })).toBeVisible();
    const link = page.getByRole('link', { name: 'https://id.northmoor.example/security' });
    await expect(link).toHaveAttribute('href', 'https://id.northmoor.example/security');
    await expect(link).toHaveAttribute('target', '_blank');
    await look(page, 'app-connect');

    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await expect(page.getByRole('alert')).toHaveText('Type the code from your security page.');

    bridge.on('pairing.connect', () => ({ ok: false, code: 'pairing.code-wrong', detail: {} }));
    await page.getByLabel('Code from your security page').fill('ktrw-4nhd');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alert')).toContainText('That code did not work.');
    await expect(page.getByLabel('Code from your security page')).toBeFocused();
    await look(page, 'app-connect-wrong-code');

    bridge.on('pairing.connect', async () => {
      await bridge.push(paired);
      return { ok: true, value: null };
    });
    await page.getByLabel('Code from your security page').fill('KTRW-4NHD');
    await page.keyboard.press('Enter');
    await expect(page.getByText('This computer is connected to Northmoor University.')).toBeVisible();
    expect(bridge.requests('pairing.connect').at(-1)).toEqual({ code: 'KTRW-4NHD' });
  });

  test('takes another address, https only', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, unpaired);
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('Code from your security page').fill('KTRW4NHD');
    await page.getByLabel('Address of the service').fill('http://id.example.org');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await expect(page.getByRole('alert')).toContainText('That is not an address.');
    await look(page, 'app-connect-address');
    await page.getByLabel('Address of the service').fill('id.example.org');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await expect.poll(() => bridge.requests('pairing.connect')).toEqual([{ code: 'KTRW4NHD', server: 'https://id.example.org' }]);
  });

  test('codes of other sites are there without a connection, and nothing else that needs one', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, unpaired);
    await page.getByRole('button', { name: 'Codes of other sites' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Codes' })).toBeFocused();
    await expect(page.getByRole('navigation').getByRole('button')).toHaveText(['Connect', 'Codes', 'Settings']);
    await look(page, 'app-alone-no-codes');
    bridge.on('code.show', () => ({ ok: true, value: [shownCode(libraryCode, Date.now() - 1_000, '740586', '201377')] }));
    await bridge.push({ codes: [libraryCode] });
    await expect(page.getByText('7 4 0 5 8 6')).toBeAttached();
    await look(page, 'app-alone-codes');
    await page.getByRole('button', { name: 'Settings' }).click();
    await expect(page.getByText('Not connected. Your codes of other sites work all the same.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Use my key' })).toHaveAttribute('aria-disabled', 'true');
    await look(page, 'app-alone-settings');
    await page.getByRole('button', { name: 'Connect this computer' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Connect this computer' })).toBeVisible();
    // A menu of the system may still name the keys: there are none without a connection.
    await bridge.push({ goTo: { screen: 'keys', number: 1 } });
    await expect(page.getByRole('heading', { level: 1, name: 'Connect this computer' })).toBeVisible();
    await bridge.push({ goTo: { screen: 'codes', number: 2 } });
    await expect(page.getByRole('heading', { level: 1, name: 'Codes' })).toBeVisible();
  });

  for (const keychain of ['absent', 'locked', 'dismissed', 'failed'] as const) {
    test(`says that the keychain is ${keychain}, and stores nothing`, async ({ page, server }) => {
      const bridge = await FakeBridge.open(page, server.address, { ...unpaired, keychain });
      await page.getByLabel('Code from your security page').fill('KTRW4NHD');
      const connect = page.getByRole('button', { name: 'Connect', exact: true });
      await expect(connect).toHaveAttribute('aria-disabled', 'true');
      await connect.press('Enter');
      await expect(page.getByText('The keychain has to be open first.')).toBeVisible();
      expect(bridge.requests('pairing.connect')).toEqual([]);
      await look(page, `app-keychain-${keychain}`);
      await page.getByRole('button', { name: 'Try again' }).click();
      expect(bridge.requests('keychain.retry')).toHaveLength(1);
    });
  }
});

test.describe('home', () => {
  test('says that all is well only when nothing waits', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, paired);
    const heading = page.getByRole('heading', { level: 1 });
    await expect(heading).toHaveText('All is well');
    await look(page, 'app-home');

    await bridge.push({ connection: 'offline' });
    await expect(heading).toHaveText('Hello, Amina');
    await expect(page.getByRole('alert')).toContainText('No connection to Northmoor University.');
    await look(page, 'app-home-offline');

    await bridge.push({ fault: { code: 'authenticator.suspended', detail: {} } });
    await expect(page.getByRole('alert')).toHaveCount(1);
    await expect(page.getByRole('alert')).toContainText('This computer is stopped.');
    await look(page, 'app-home-held');

    await bridge.push({ connection: 'clock-wrong', clockSkew: 240, fault: null });
    await expect(page.getByRole('alert')).toContainText('Your computer’s clock is 4 minutes wrong.');
    await look(page, 'app-home-clock');

    await bridge.push({ connection: 'removed', clockSkew: 0 });
    await look(page, 'app-home-removed');
    await page.getByRole('button', { name: 'Connect again' }).click();
    await expect.poll(() => bridge.requests('pairing.disconnect').length).toBe(1);

    await bridge.push({ connection: 'online', fault: { code: 'token.process-down', detail: {} } });
    await expect(page.getByRole('alert')).toContainText('The part that talks to keys stopped and is starting again.');
    await look(page, 'app-home-token-process-down');
  });

  test('asks on behalf of a service, and answers by a touch', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, { ...paired, tokens: [token], challenges: [vpn] });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('A request waits for you');
    await expect(page.getByRole('heading', { level: 2, name: 'VPN asks: is this you?' })).toBeVisible();
    await look(page, 'app-home-request');

    let finish: (outcome: { ok: true; value: null }) => void = () => undefined;
    bridge.on('challenge.answer', () => new Promise((resolve) => (finish = resolve)));
    await page.getByRole('button', { name: 'Touch your key' }).click();
    await bridge.push(prompting({ kind: 'challenge', serviceName: 'VPN' }, { kind: 'touch', tokenIds: [token.id], purpose: 'use' }));
    await expect(page.getByRole('dialog', { name: 'VPN asks: is this you?' })).toBeVisible();
    await look(page, 'app-prompt-touch-request');
    await bridge.push({ prompt: null, challenges: [] });
    finish({ ok: true, value: null });
    await expect(page.getByText('VPN lets you in now.')).toBeVisible();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('All is well');
    expect(bridge.requests('challenge.answer')).toEqual([{ id: vpn.id }]);
  });

  test('denies, and says when a request has ended', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, { ...paired, challenges: [vpn] });
    bridge.on('approval.deny', async () => {
      await bridge.push({ challenges: [] });
      return { ok: true, value: null };
    });
    await page.getByRole('button', { name: 'Deny' }).click();
    await expect(page.getByText('VPN was denied. Nobody was let in.')).toBeVisible();

    await bridge.push({ challenges: [{ ...vpn, expiresAt: inMinutes(-1) }] });
    await expect(page.getByText('The request of VPN has ended')).toBeVisible();
    await look(page, 'app-home-request-ended');

    await bridge.push({ challenges: [vpn] });
    bridge.on('challenge.answer', async () => {
      await bridge.push({ challenges: [] });
      return { ok: false, code: 'challenge.ended', detail: {} };
    });
    await page.getByRole('button', { name: 'Touch your key' }).click();
    await expect(page.getByText('If this was you, start again on the VPN page.')).toBeVisible();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await expect(page.getByText('The request of VPN has ended')).toBeHidden();
  });

  test('keeps the cause beside the request when a key is not one of theirs', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, { ...paired, tokens: [token], challenges: [vpn] });
    bridge.on('challenge.answer', () => ({ ok: false, code: 'token.no-credentials', detail: {} }));
    await page.getByRole('button', { name: 'Touch your key' }).click();
    await expect(page.getByRole('alert').last()).toContainText('This is not one of your keys.');
    await look(page, 'app-home-request-not-yours');
  });

  test('invites to add the first key', async ({ page, server }) => {
    await FakeBridge.open(page, server.address, { ...paired, authenticators: [] });
    await look(page, 'app-home-no-key');
    await page.getByRole('button', { name: 'Add a key' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Keys' })).toBeFocused();
    await expect(page.getByText('No key is plugged in')).toBeVisible();
    await look(page, 'app-keys-empty');
  });
});

test.describe('keys', () => {
  test.beforeEach(async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
  });

  test('shows each key that is plugged in, in every state', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, {
      ...paired,
      tokens: [token, oldToken, openingToken, failedToken],
    });
    await page.getByRole('button', { name: 'Keys', exact: true }).click();
    await expect(page.getByRole('region', { name: 'YubiKey 5 NFC' })).toContainText('8 tries left. At least 6 digits.');
    await expect(page.getByRole('region', { name: 'U2F Zero' })).toContainText('No PIN on this key');
    await expect(page.getByRole('region', { name: 'Nitrokey 3' })).toContainText('This computer does not let Doorstep talk to the key.');
    await look(page, 'app-keys-several');

    for (const state of ['must-change', 'locked-until-replug', 'blocked', 'not-set'] as const) {
      await bridge.push({ tokens: [{ ...token, pin: { state, retries: 0, minLength: 6 } }] });
      await look(page, `app-keys-pin-${state}`);
    }
  });

  test('adds a key under a name of its own, and knows it afterwards', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, { ...paired, authenticators: [blueKey], tokens: [token] });
    bridge.on('key.enroll', async () => {
      await bridge.push({ authenticators: [blueKey, spareKey], recognized: { [token.id]: spareKey.id } });
      return { ok: true, value: { authenticatorId: spareKey.id } };
    });
    await page.getByRole('button', { name: 'Keys', exact: true }).click();
    await page.getByRole('button', { name: 'Add this key' }).click();
    await expect(page.getByLabel('Name of this key')).toHaveValue('Spare key');
    await expect(page.getByLabel('Name of this key')).toBeFocused();
    await look(page, 'app-add-key');
    await page.keyboard.press('Enter');
    await expect(page.getByText('Spare key is added. You can sign in with it now.')).toBeVisible();
    expect(bridge.requests('key.enroll')).toEqual([{ tokenId: token.id, name: 'Spare key' }]);
    await expect(page.getByRole('region', { name: 'Spare key' })).toContainText('Plugged in');
    await look(page, 'app-keys-known');
  });

  test('tries a key, and keeps the fault on its card', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, { ...paired, tokens: [token] });
    await page.getByRole('button', { name: 'Keys', exact: true }).click();
    bridge.on('key.try', () => ({ ok: false, code: 'token.no-credentials', detail: {} }));
    await page.getByRole('button', { name: 'Try this key' }).click();
    await expect(page.getByRole('region', { name: 'YubiKey 5 NFC' }).getByRole('alert')).toContainText('This is not one of your keys.');
    await look(page, 'app-keys-try-failed');
    bridge.on('key.try', () => ({ ok: true, value: { name: 'Blue key' } }));
    await page.getByRole('button', { name: 'Try this key' }).click();
    await expect(page.getByText('Blue key works.')).toBeVisible();
    await expect(page.getByRole('region', { name: 'YubiKey 5 NFC' }).getByRole('alert')).toHaveCount(0);
  });

  test('calls a key by its name as soon as main knows which it is, and no longer than it is plugged in', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, {
      ...paired,
      tokens: [token, oldToken],
      recognized: { [token.id]: blueKey.id },
    });
    await expect(page.getByRole('listitem').filter({ hasText: 'Blue key' })).toContainText('Plugged in');
    await page.getByRole('button', { name: 'Keys', exact: true }).click();
    const blue = page.getByRole('region', { name: 'Blue key' });
    await expect(blue).toContainText('YubiKey 5 NFC. First choice for signing in.');
    await expect(blue.getByRole('button', { name: 'Add this key' })).toHaveCount(0);
    for (const name of ['Try this key', 'Rename', 'Remove Blue key']) await expect(blue.getByRole('button', { name })).toBeVisible();
    const others = page.getByRole('region', { name: 'Your other keys' });
    await expect(others).toContainText('Spare key');
    await expect(others).not.toContainText('Blue key');
    await expect(page.getByRole('region', { name: 'U2F Zero' }).getByRole('button', { name: 'Add this key' })).toBeVisible();
    await look(page, 'app-keys-recognized');

    await bridge.push({ recognized: { [token.id]: blueKey.id, [oldToken.id]: spareKey.id } });
    await expect(page.getByRole('region', { name: 'Spare key' }).getByRole('button', { name: 'Make first choice' })).toBeVisible();
    await expect(others).toHaveCount(0);
    await bridge.push({ tokens: [], recognized: {} });
    await expect(page.getByRole('region', { name: 'Your keys' })).toContainText('Blue key');
  });

  test('renames, prefers and removes, never the last one', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, { ...paired, authenticators: [blueKey, spareKey] });
    await page.getByRole('button', { name: 'Keys', exact: true }).click();

    await page.getByRole('button', { name: 'More for Spare key' }).click();
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Green key');
    await look(page, 'app-rename-key');
    await page.keyboard.press('Enter');
    await expect(page.getByText('It is called Green key now.')).toBeVisible();
    expect(bridge.requests('authenticator.rename')).toEqual([{ id: spareKey.id, name: 'Green key' }]);

    await page.getByRole('button', { name: 'Make first choice: Spare key' }).click();
    expect(bridge.requests('authenticator.prefer')).toEqual([{ id: spareKey.id }]);

    await page.getByRole('button', { name: 'More for Spare key' }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByRole('dialog', { name: 'Remove Spare key?' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Keep it' })).toBeFocused();
    await look(page, 'app-remove-key');
    await page.keyboard.press('Escape');
    expect(bridge.requests('authenticator.remove')).toEqual([]);
    await page.getByRole('button', { name: 'More for Spare key' }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    bridge.on('authenticator.remove', async () => {
      await bridge.push({ authenticators: [blueKey] });
      return { ok: true, value: null };
    });
    await page.getByRole('button', { name: 'Remove Spare key' }).click();
    await expect(page.getByText('Spare key is removed.')).toBeVisible();

    await page.getByRole('button', { name: 'More for Blue key' }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByText('This is your last way in. Add another first.')).toBeVisible();
    await look(page, 'app-remove-last-key');
  });

  test('shows, renames and removes what is kept on a key', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, { ...paired, tokens: [token] });
    bridge.on('key.passkeys', () => ({
      ok: true,
      value: [
        { credentialId: 'aa', rpId: 'id.northmoor.example', userId: '01', userName: 'amina.yusuf', userDisplayName: 'Amina Yusuf' },
        { credentialId: 'bb', rpId: 'mail.example', userId: '02', userName: 'amina@mail.example', userDisplayName: '' },
      ],
    }));
    await page.getByRole('button', { name: 'Keys', exact: true }).click();
    await page.getByRole('button', { name: 'See them' }).click();
    await expect(page.getByRole('dialog', { name: 'Sign-ins on YubiKey 5 NFC' })).toBeVisible();
    await look(page, 'app-passkeys');
    await page.getByRole('button', { name: 'Rename: Amina Yusuf' }).click();
    await page.getByLabel('Shown name').fill('Amina');
    await look(page, 'app-passkey-rename');
    await page.keyboard.press('Enter');
    await expect(page.getByText('The sign-in is renamed.')).toBeVisible();
    expect(bridge.requests('key.rename-passkey')).toEqual([
      { tokenId: token.id, credentialId: 'aa', userId: '01', userName: 'amina.yusuf', userDisplayName: 'Amina' },
    ]);
    await page.getByRole('button', { name: 'Remove: amina@mail.example' }).click();
    await look(page, 'app-passkey-remove');
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(page.getByText('The sign-in is removed from the key.')).toBeVisible();
    expect(bridge.requests('key.delete-passkey')).toEqual([{ tokenId: token.id, credentialId: 'bb' }]);
  });

  test('wipes a key only after it is asked', async ({ page, server }) => {
    const bridge = await FakeBridge.open(page, server.address, { ...paired, tokens: [token] });
    await page.getByRole('button', { name: 'Keys', exact: true }).click();
    await page.getByRole('button', { name: 'Wipe this key' }).click();
    await look(page, 'app-wipe');
    await page.keyboard.press('Escape');
    expect(bridge.requests('key.reset')).toEqual([]);
    await page.getByRole('button', { name: 'Wipe this key' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Wipe this key' }).click();
    await expect.poll(() => bridge.requests('key.reset')).toEqual([{ tokenId: token.id }]);
  });

  test('marks the practice key as practice, and lends it a hand', async ({ page, server }) => {
    const practiceKey = { available: true, pluggedIn: false, wantsTouch: false };
    const bridge = await FakeBridge.open(page, server.address, { ...paired, practiceKey });
    await page.getByRole('button', { name: 'Keys', exact: true }).click();
    await page.getByRole('button', { name: 'Plug in' }).click();
    expect(bridge.requests('practice.plug')).toHaveLength(1);
    await bridge.push({ tokens: [practiceToken], practiceKey: { ...practiceKey, pluggedIn: true } });
    await look(page, 'app-keys-practice');
    await bridge.push({
      practiceKey: { available: true, pluggedIn: true, wantsTouch: true },
      ...prompting({ kind: 'enroll' }, { kind: 'touch', tokenIds: [practiceToken.id], purpose: 'use' }),
    });
    await look(page, 'app-prompt-touch-practice');
    await page.getByRole('dialog').getByRole('button', { name: 'Touch the practice key' }).click();
    expect(bridge.requests('practice.touch')).toHaveLength(1);
  });
});

test('settings: address, keychain, version, and disconnecting after a question', async ({ page, server }) => {
  const bridge = await FakeBridge.open(page, server.address, paired);
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await expect(page.getByText('https://id.northmoor.example', { exact: true })).toBeVisible();
  await expect(page.getByText('0.1.0')).toBeVisible();
  await page.getByRole('button', { name: 'Make first choice: Office PC' }).click();
  await expect.poll(() => bridge.requests('authenticator.prefer')).toEqual([{ id: officePc.id }]);
  await look(page, 'app-settings');
  await page.getByRole('button', { name: 'Disconnect this computer' }).click();
  await expect(page.getByRole('button', { name: 'Stay connected' })).toBeFocused();
  await look(page, 'app-disconnect');
  await page.getByRole('button', { name: 'Disconnect', exact: true }).click();
  await expect.poll(() => bridge.requests('pairing.disconnect').length).toBe(1);
  await bridge.push({ pairing: { state: 'none' } });
  await expect(page.getByRole('heading', { level: 1, name: 'Connect this computer' })).toBeVisible();
});

test('the whole window by keyboard alone', async ({ page, server }) => {
  const bridge = await FakeBridge.open(page, server.address, { ...paired, tokens: [token], challenges: [vpn] });
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Touch your key' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Deny' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect.poll(() => bridge.requests('approval.deny').length).toBe(1);
});
