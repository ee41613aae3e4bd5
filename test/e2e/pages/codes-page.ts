/** The page of the codes, over a bridge that the test holds and a clock that it moves. */
import { expect, type Page } from '@playwright/test';
import type { AppState } from '../../../src/contract/ipc.ts';
import {
  blueKey,
  doorCode,
  goneCode,
  libraryCode,
  northmoorCode,
  ownCodes,
  paired,
  payrollCode,
  shownCode,
  spareCodes,
  whiteToken,
} from './app-states.ts';
import { test as base } from './app-window.ts';
import { FakeBridge } from './fake-bridge.ts';

/** A whole half minute, so that periods begin on it. */
export const START = Date.parse('2026-11-24T10:00:00.000Z');
export const withCodes: AppState = {
  ...paired,
  authenticators: [blueKey, ownCodes, whiteToken, spareCodes],
  codes: [northmoorCode, libraryCode, payrollCode, doorCode, goneCode],
};

/** What main tells of the codes, by the clock of the page. */
export function answerCodes(bridge: FakeBridge, page: Page): void {
  bridge.on('code.show', async () => {
    const time = await page.evaluate(() => Date.now());
    const from = time - (time % 30_000);
    const second = from > START + 29_999;
    return {
      ok: true,
      value: [
        shownCode(northmoorCode, from, second ? '318204' : '193204', second ? '555555' : '318204'),
        shownCode(libraryCode, from, '740586', '201377'),
        shownCode(payrollCode, from, '60318427', '11112222'),
      ],
    };
  });
}

export const row = (page: Page, name: string) =>
  page.getByRole('region', { name: 'Your codes' }).getByRole('listitem').filter({ hasText: name });
export const menu = (page: Page, name: string) => page.getByRole('button', { name: `More for ${name}` });

interface Fixtures {
  /** Opens the window at the codes. */
  readonly open: (state?: AppState) => Promise<FakeBridge>;
}

export const test = base.extend<Fixtures>({
  open: ({ page, server }, use) =>
    use(async (state = withCodes) => {
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await page.clock.setFixedTime(START);
      const bridge = await FakeBridge.open(page, server.address, state);
      answerCodes(bridge, page);
      await page.getByRole('button', { name: 'Codes', exact: true }).click();
      await expect(page.getByRole('heading', { level: 1, name: 'Codes' })).toBeFocused();
      return bridge;
    }),
});
