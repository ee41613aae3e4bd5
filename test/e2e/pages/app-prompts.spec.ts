/** Every prompt of a key, as the desktop window shows it, over a bridge that the test holds. */

import { expect } from '@playwright/test';
import type { AppState } from '../../../src/contract/ipc.ts';
import type { Prompt } from '../../../src/contract/tokens.ts';
import { oldToken, paired, token } from './app-states.ts';
import { test } from './app-window.ts';
import { FakeBridge } from './fake-bridge.ts';
import { look } from './look.ts';

const prompting = (about: NonNullable<AppState['prompt']>['about'], prompt: Prompt, id = 1): Partial<AppState> => ({
  prompt: { id, about, prompt },
});

test.describe('prompts', () => {
  const prompts: readonly { name: string; about: NonNullable<AppState['prompt']>['about']; prompt: Prompt; title: string }[] = [
    { name: 'touch', about: { kind: 'try' }, prompt: { kind: 'touch', tokenIds: [token.id], purpose: 'use' }, title: 'Touch your key' },
    {
      name: 'choose',
      about: { kind: 'challenge', serviceName: 'Library portal' },
      prompt: { kind: 'touch', tokenIds: [token.id, oldToken.id], purpose: 'choose' },
      title: 'Library portal asks: is this you?',
    },
    {
      name: 'reset',
      about: { kind: 'reset' },
      prompt: { kind: 'touch', tokenIds: [token.id], purpose: 'reset' },
      title: 'Touch to wipe this key',
    },
    { name: 'plug-in', about: { kind: 'challenge', serviceName: 'VPN' }, prompt: { kind: 'plug-in' }, title: 'VPN asks: is this you?' },
    { name: 'pull-out', about: { kind: 'reset' }, prompt: { kind: 'replug', tokenId: token.id, step: 'pull-out' }, title: 'Wipe this key' },
    { name: 'plug-back', about: { kind: 'reset' }, prompt: { kind: 'replug', tokenId: token.id, step: 'plug-in' }, title: 'Wipe this key' },
  ];
  for (const { name, about, prompt, title } of prompts) {
    test(`${name}: Escape is the safe answer`, async ({ page, server }) => {
      const bridge = await FakeBridge.open(page, server.address, { ...paired, tokens: [token, oldToken], ...prompting(about, prompt, 7) });
      await expect(page.getByRole('dialog', { name: title })).toBeVisible();
      await look(page, `app-prompt-${name}`);
      await page.keyboard.press('Escape');
      await expect.poll(() => bridge.requests('prompt.answer')).toEqual([{ promptId: 7, answer: { kind: 'cancel' } }]);
    });
  }

  test('PIN: says how many tries are left, keeps the field, hides what was typed', async ({ page, server }) => {
    const pin = { kind: 'pin', tokenId: token.id, retries: 8, wrong: false, minLength: 6 } as const;
    const bridge = await FakeBridge.open(page, server.address, { ...paired, tokens: [token], ...prompting({ kind: 'enroll' }, pin, 3) });
    const field = page.getByLabel('PIN of this key', { exact: true });
    await expect(field).toBeFocused();
    await expect(field).toHaveAttribute('type', 'password');
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect(page.getByRole('alert')).toHaveText('Type the PIN of this key.');
    await field.fill('123456');
    await page.getByRole('button', { name: 'Show: PIN of this key' }).click();
    await expect(field).toHaveAttribute('type', 'text');
    await bridge.push({ tokens: [token, oldToken] });
    await expect(field).toHaveValue('123456');
    await look(page, 'app-prompt-pin');
    await page.keyboard.press('Escape');
    await field.press('Enter');
    await expect.poll(() => bridge.requests('prompt.answer').at(-1)).toEqual({ promptId: 3, answer: { kind: 'pin', pin: '123456' } });
    await bridge.push(prompting({ kind: 'enroll' }, { ...pin, wrong: true, retries: 5 }, 4));
    await expect(page.getByRole('alert')).toHaveText('Wrong PIN. 5 tries left, then the key must be wiped.');
    await expect(field).toHaveValue('');
    await expect(field).toBeFocused();
    await look(page, 'app-prompt-pin-wrong');
  });

  test('new PIN: twice, with the rule named', async ({ page, server }) => {
    const ask = { kind: 'new-pin', tokenId: token.id, minLength: 6, refused: null } as const;
    const bridge = await FakeBridge.open(page, server.address, { ...paired, tokens: [token], ...prompting({ kind: 'set-pin' }, ask, 5) });
    const first = page.getByLabel('New PIN', { exact: true });
    const second = page.getByLabel('New PIN again', { exact: true });
    await first.fill('1234');
    await page.getByRole('button', { name: 'Set this PIN' }).click();
    await expect(page.getByRole('alert')).toHaveText('This key wants 6 digits or more. You typed 4.');
    await look(page, 'app-prompt-new-pin-short');
    await first.fill('123456');
    await second.fill('123457');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alert')).toHaveText('The two are not the same. Type the new PIN again.');
    await expect(second).toBeFocused();
    await second.fill('123456');
    await page.keyboard.press('Enter');
    await expect.poll(() => bridge.requests('prompt.answer')).toEqual([{ promptId: 5, answer: { kind: 'new-pin', pin: '123456' } }]);
    await bridge.push(prompting({ kind: 'set-pin' }, { ...ask, minLength: 8, refused: { minLength: 8, typed: 6 } }, 6));
    await expect(page.getByRole('alert')).toHaveText('This key wants 8 digits or more. You typed 6.');
  });

  test('choosing among sign-ins: radios, the first one focused', async ({ page, server }) => {
    const users = [
      { name: 'amina.yusuf', displayName: 'Amina Yusuf' },
      { name: 'a.yusuf-admin', displayName: '' },
    ];
    const bridge = await FakeBridge.open(page, server.address, {
      ...paired,
      tokens: [token],
      ...prompting({ kind: 'try' }, { kind: 'choose-passkey', tokenId: token.id, users }, 9),
    });
    await expect(page.getByRole('radio', { name: 'Amina Yusuf' })).toBeFocused();
    await look(page, 'app-prompt-choose-passkey');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => bridge.requests('prompt.answer')).toEqual([{ promptId: 9, answer: { kind: 'passkey', index: 1 } }]);
  });
});
