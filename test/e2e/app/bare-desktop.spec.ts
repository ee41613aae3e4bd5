/** A desktop with no tray and nothing that notifies: the app is whole, and says each lack once. */
import { expect } from '@playwright/test';
import { connectVpn } from '../../support/desktop/demo-backend.ts';
import { test } from '../../support/desktop/desk.ts';
import type { DoorstepApp } from '../../support/desktop/doorstep.ts';
import { shootScreen } from '../../support/desktop/programs.ts';

const visible = ({ app }: DoorstepApp) =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((each) => each.isVisible()));
const lacks = async (app: DoorstepApp) => (await app.state()).notices.map(({ kind }) => kind).toSorted();

test('the window comes up, each lack stands in it until it was read, and is not said again', async ({ desk }) => {
  const first = await desk.open();
  expect(await visible(first)).toEqual([true]);
  await connectVpn(desk.backend);
  await expect.poll(() => visible(first)).toEqual([true, true]);
  // A panel may come later than the app, at the start of the desktop: it is given a while.
  await expect.poll(() => lacks(first), { timeout: 30_000 }).toEqual(['no-notifications', 'no-tray']);
  await shootScreen(desk.session.env, 'desktop-bare');
  for (const title of ['This desktop has no tray.', 'This computer shows no notifications.']) {
    await first.window.getByRole('button', { name: `Got it: ${title}` }).click();
  }
  await expect.poll(() => lacks(first)).toEqual([]);

  const { data } = first;
  await first.quit();
  const again = await desk.open({ data });
  await expect.poll(() => visible(again)).toEqual([true, true]);
  expect((await again.state()).challenges).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 17_000));
  expect(await lacks(again)).toEqual([]);
});
