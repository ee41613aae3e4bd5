/** How codes leave the real app: with the guard of their person and a passphrase alone. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { hotp } from '../../../src/oath/hotp.ts';
import { answerFileDialogs, ask, keepAll, newSite, oathtool, refused, restart, shootCodes } from '../../support/desktop/codes.ts';
import { test } from '../../support/desktop/desk.ts';
import { filesHolding, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { VirtualToken } from '../../support/token/index.ts';

test.use({ activation: true });

test('codes leave with the PIN and a passphrase alone, and come back in another place', async ({ desk }) => {
  let doorstep = await desk.open();
  const sites = [newSite({ query: '&algorithm=SHA256&digits=8&period=60' }), newSite({ kind: 'hotp', query: '&counter=7' })];
  await keepAll(doorstep, { from: 'text', text: sites.map(({ link }) => link).join('\n') });
  const passphrase = 'four words that travel';
  const file = join(doorstep.data, 'codes.doorstep');
  await answerFileDialogs(doorstep.app, file);
  expect(await refused(doorstep, 'code.export', { passphrase })).toBe('guard.not-set');
  await ask(doorstep, 'guard.set-pin', { pin: '482915' });
  expect((await doorstep.state()).exportGuard).toBe('pin');
  expect(await refused(doorstep, 'code.export', { passphrase })).toBe('guard.wrong');
  for (let tries = 0; tries < 2; tries++) expect(await refused(doorstep, 'code.export', { passphrase, pin: '000000' })).toBe('guard.wrong');
  await ask(doorstep, 'code.export', { passphrase, pin: '482915' });
  expect(
    filesHolding(
      doorstep.data,
      sites.map(({ secret }) => secret),
    ),
  ).toEqual([]);
  doorstep = await restart(desk);
  await answerFileDialogs(doorstep.app, file);
  for (let tries = 0; tries < 3; tries++) expect(await refused(doorstep, 'code.export', { passphrase, pin: '000000' })).toBe('guard.wrong');
  doorstep = await restart(desk);
  expect(await refused(doorstep, 'code.export', { passphrase, pin: '482915' })).toBe('guard.waiting');

  const elsewhere = await launchDoorstep({ env: desk.session.env, server: desk.backend.origin });
  try {
    await expect.poll(async () => (await elsewhere.state()).keychain).toBe('ready');
    await answerFileDialogs(elsewhere.app, file);
    expect(await refused(elsewhere, 'code.import', { passphrase: 'something else' })).toBe('export.wrong-passphrase');
    expect(await ask(elsewhere, 'code.import', { passphrase })).toEqual({ added: 2, known: 0 });
    const [shown] = await ask(elsewhere, 'code.show', {});
    expect(shown!.code).toBe(oathtool(sites[0]!.secret, shown!.from, { algorithm: 'SHA256', digits: 8, period: 60 }));
    const counted = (await elsewhere.state()).codes[1]!;
    expect((await ask(elsewhere, 'code.next', { id: counted.id })).code).toBe(hotp(sites[1]!.key, 7, { algorithm: 'SHA1', digits: 6 }));
  } finally {
    await elsewhere.quit();
    elsewhere.remove();
  }
});

test('a touched key guards the way out', async ({ bus, desk }) => {
  const doorstep = await desk.open({ env: bus.env });
  await keepAll(doorstep, { from: 'text', text: newSite().link });
  const key = new VirtualToken({ touch: { kind: 'by-hand' } });
  await bus.plug(key, { product: 'Blue key' });
  await expect.poll(async () => (await doorstep.state()).tokens.map(({ state }) => state.kind)).toEqual(['ready']);
  const touched = async <T>(work: Promise<T>): Promise<T> => {
    await expect.poll(() => key.wantsTouch).toBe(true);
    key.touch();
    return work;
  };
  const [token] = (await doorstep.state()).tokens;
  await touched(ask(doorstep, 'key.enroll', { tokenId: token!.id, name: 'Blue key' }));
  await touched(ask(doorstep, 'guard.use-key', {}));
  expect((await doorstep.state()).exportGuard).toBe('key');
  const file = join(doorstep.data, 'codes.doorstep');
  await answerFileDialogs(doorstep.app, file);
  const passphrase = 'four words that travel';
  const left = refused(doorstep, 'code.export', { passphrase });
  await expect(doorstep.window.getByRole('heading', { name: 'Touch your key' })).toBeVisible();
  await shootCodes(doorstep, 'touch-to-export');
  await doorstep.window
    .getByRole('dialog')
    .getByRole('button', { name: /cancel|stop/i })
    .click();
  expect(await left).toBe('token.canceled');
  expect(readdirSync(doorstep.data)).not.toContain('codes.doorstep');
  expect(await touched(ask(doorstep, 'code.export', { passphrase }))).toEqual({ path: file, count: 1 });
});
