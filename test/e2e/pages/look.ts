/** Looks at a page as four people would: light and dark, wide and at 320 px, with axe-core's rules and our own. */
import path from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';
import axe from 'axe-core';

export const SCREENS = path.resolve(import.meta.dirname, '../../../test-results/screens');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const SIZES = [
  { width: 1100, height: 760 },
  { width: 320, height: 640 },
] as const;

/** Chromium as Debian packages it. Its sandbox cannot start as root. */
export const CHROMIUM = {
  executablePath: '/usr/bin/chromium',
  chromiumSandbox: process.getuid?.() !== 0,
  args: [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

interface Fixtures {
  /** Everything that went wrong in the page by itself: errors, refusals of the content security policy. */
  readonly complaints: string[];
}

/** The base of the page tests: a page that complains about nothing. */
export const test = base.extend<Fixtures>({
  launchOptions: CHROMIUM,
  locale: 'en-GB',
  viewport: { width: 1100, height: 760 },
  actionTimeout: 10_000,
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        // The browser itself writes a line for each answer of 400 and above; those are tested by what the page says.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
      });
      await use(complaints);
      expect(complaints, 'errors in the page').toEqual([]);
    },
    { auto: true },
  ],
});

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly where: readonly string[];
}

/** What axe-core has against the page. Straight in the page: no frames here, so no detour over a second page. */
async function violations(page: Page): Promise<readonly Violation[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  return page.evaluate(async (values) => {
    const here = (globalThis as unknown as { axe: typeof axe }).axe;
    const found = await here.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] });
    return found.violations.map(({ id, help, nodes }) => ({
      id,
      help,
      where: nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary ?? ''}`),
    }));
  }, RULES);
}

async function fitsItsWidth(page: Page, name: string): Promise<void> {
  const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect(scroll, `${name}: no sideways scrolling`).toBeLessThanOrEqual(client ?? 0);
}

async function saysItsTitle(page: Page, name: string): Promise<void> {
  const heading = page.locator('h1');
  await expect(heading, `${name}: one h1`).toHaveCount(1);
  expect(await page.title(), `${name}: title and h1 say the same`).toBe(await heading.textContent());
}

async function hasNoInlineStyle(page: Page, name: string): Promise<void> {
  const styled = await page.evaluate(() =>
    [...document.querySelectorAll('[style]:not([style=""])')].map((element) => element.outerHTML.slice(0, 200)),
  );
  expect(styled, `${name}: no style attributes`).toEqual([]);
}

/** Checks the page as it stands, in each light and at each size, and keeps a picture of each. */
export async function look(page: Page, name: string): Promise<void> {
  const before = page.viewportSize() ?? SIZES[0];
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const full = `${name}-${size.width}-${colorScheme}`;
      await page.screenshot({ path: path.join(SCREENS, `${full}.png`), fullPage: true });
      expect(await violations(page), `${full}: axe-core`).toEqual([]);
      await fitsItsWidth(page, full);
    }
  }
  await saysItsTitle(page, name);
  await hasNoInlineStyle(page, name);
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: 'light' });
}
