/** A person at the sign-in page in a real browser: Debian's Chromium. */
import { type Browser, chromium, expect, type Page } from '@playwright/test';
import { CHROMIUM } from '../../e2e/pages/look.ts';
import { givePassword } from '../../e2e/pages/visitor.ts';
import type { DemoBackend } from './demo-backend.ts';

export interface SignInPage {
  readonly page: Page;
  /** Password, then the number that the page shows. `at`: when it was there, milliseconds since 1970. */
  askDesktop(): Promise<{ readonly number: string; readonly at: number }>;
  /** The page has let the person in. */
  expectIn(): Promise<void>;
  close(): Promise<void>;
}

export async function openSignInPage(backend: DemoBackend): Promise<SignInPage> {
  // The window of the test must not be in the way of what it presses on the screen.
  const browser: Browser = await chromium.launch({ ...CHROMIUM, headless: true });
  const page = await browser.newPage({ locale: 'en-GB' });
  const amina = backend.demo.people.find((person) => person.username === 'amina.yusuf');
  return {
    page,
    async askDesktop() {
      await page.goto(`${backend.origin}/sign-in`);
      const begun = page.waitForResponse(
        (response) => response.url().endsWith('/v1/session/approval') && response.request().method() === 'POST',
      );
      await givePassword(page, { username: 'amina.yusuf', password: amina?.password ?? '' });
      const { number } = (await (await begun).json()) as { number: string };
      return { number, at: Date.now() };
    },
    async expectIn() {
      await expect(page.getByRole('heading', { level: 1, name: 'Your ways to sign in' })).toBeVisible();
    },
    close: () => browser.close(),
  };
}
