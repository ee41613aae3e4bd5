/** What a person does on the pages, in their own words. */
import { expect, type Page } from '@playwright/test';

export interface Account {
  readonly username: string;
  readonly password: string;
}

export async function givePassword(page: Page, { username, password }: Account): Promise<void> {
  await page.getByRole('textbox', { name: 'User name' }).fill(username);
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(password);
  await page.getByRole('button', { name: 'Next' }).click();
}

export async function showKey(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: 'Is it really you?' })).toBeVisible();
  await page.getByRole('button', { name: 'Use my key' }).click();
}

/** Password, then the first key, then the list. */
export async function addFirstKey(page: Page, origin: string, account: Account): Promise<void> {
  await page.goto(`${origin}/sign-in`);
  await givePassword(page, account);
  await expect(page.getByRole('heading', { level: 1, name: 'Add your first key' })).toBeVisible();
  await page.getByRole('button', { name: 'Add my key' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your key works' })).toBeVisible();
  await page.getByRole('button', { name: 'See your ways to sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your ways to sign in' })).toBeVisible();
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in', exact: true })).toBeVisible();
}
