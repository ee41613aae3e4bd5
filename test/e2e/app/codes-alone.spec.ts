/** Codes of other sites with no backend at all: nothing is paired, nothing answers, and they are kept and shown. */
import { expect, test } from '@playwright/test';
import { oathtool } from '../../support/desktop/codes.ts';
import { type DoorstepApp, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
let session: DesktopSession;
let doorstep: DoorstepApp;

test.beforeEach(async () => {
  session = await startDesktopSession({ activation: false });
  await session.unlockKeyring();
});
test.afterEach(async ({ browserName: _ }, info) => {
  if (info.status !== info.expectedStatus) console.log(doorstep.log());
  await doorstep.quit();
  doorstep.remove();
  await session.stop();
});

const launch = async (data?: string) => {
  doorstep = await launchDoorstep({ env: session.env, server: 'http://localhost:1', ...(data === undefined ? {} : { data }) });
  await expect.poll(async () => (await doorstep.state()).pairing).toEqual({ state: 'none' });
  await doorstep.window.getByRole('button', { name: 'Codes of other sites' }).click();
};
/** The clock may move on between the two looks. */
const expected = () => [0, 30_000].map((later) => oathtool(SECRET, Date.now() - later));
const shown = async () => ((await doorstep.window.locator('.digits [aria-hidden]').first().textContent()) ?? '').replaceAll(/\D/g, '');

test('a code is added, shown, copied and still there after a restart', async () => {
  await launch();
  const { window, app } = doorstep;
  await window.getByRole('button', { name: 'Add a code' }).first().click();
  await window.getByRole('dialog').getByText('Type the secret').click();
  await window.getByRole('textbox', { name: 'Site' }).fill('Library');
  await window.getByRole('textbox', { name: 'Secret' }).fill(SECRET);
  await window.getByRole('button', { name: 'Add this code' }).click();
  await expect(window.getByText('The code for Library is added.')).toBeVisible();
  expect(expected()).toContain(await shown());
  await app.evaluate(({ clipboard }) => clipboard.clear());
  await window.getByRole('button', { name: 'Copy the code for Library' }).click();
  await expect.poll(() => app.evaluate(({ clipboard }) => clipboard.readText())).toMatch(/^\d{6}$/);
  expect(expected()).toContain(await app.evaluate(({ clipboard }) => clipboard.readText()));

  const { data } = doorstep;
  await doorstep.quit();
  await launch(data);
  await expect(doorstep.window.getByRole('button', { name: 'Copy the code for Library' })).toBeVisible();
  expect(expected()).toContain(await shown());
  expect((await doorstep.state()).pairing).toEqual({ state: 'none' });
});
