/** While the backend is down, another program takes its port and says that this computer was removed. */
import { createServer, type Server } from 'node:http';
import { expect } from '@playwright/test';
import { test } from '../../support/desktop/desk.ts';
import { keyringEntries } from '../../support/desktop/keyring-entries.ts';

let impostor: Server | null = null;

test.afterEach(() => stopImpostor());

/** Answers everything so, as the backend would. */
const startImpostor = async (port: number, code: string, facts: object): Promise<() => number> => {
  let asked = 0;
  impostor = createServer((_request, response) => {
    asked += 1;
    response.writeHead(401, { 'content-type': 'application/problem+json', 'www-authenticate': 'Doorstep' });
    response.end(JSON.stringify({ type: `urn:doorstep:problem:${code}`, title: '', status: 401, code, detail: '', facts, instance: '' }));
  });
  await new Promise<void>((resolve) => impostor?.listen(port, '127.0.0.1', resolve));
  return () => asked;
};
async function stopImpostor(): Promise<void> {
  impostor?.closeAllConnections();
  await new Promise<unknown>((resolve) => (impostor === null ? resolve(null) : impostor.close(resolve)));
  impostor = null;
}

test('nothing is forgotten on the word of whoever took the port, the window says so, and the true backend goes on', async ({ desk }) => {
  const app = await desk.open();
  const { pairing } = await app.state();
  const accounts = async () => (await keyringEntries(desk.session.env)).map(({ account }) => account).sort();
  const kept = await accounts();
  expect(kept).not.toEqual([]);
  await desk.backend.pause();
  for (const [code, facts] of [
    ['device.removed', { wipe: 'everything' }],
    ['device.copied', {}],
    ['device.unknown', {}],
  ] as const) {
    const asked = await startImpostor(desk.backend.listen, code, facts);
    await expect.poll(asked, { timeout: 60_000 }).toBeGreaterThan(0);
    await expect.poll(async () => (await app.state()).fault?.code).toBe('backend.not-proven');
    await stopImpostor();
  }
  await expect(app.window.getByText('Nothing was forgotten.')).toBeVisible();
  expect(await accounts()).toEqual(kept);
  expect(await app.state()).toMatchObject({ pairing, removal: null });
  await desk.restartBackend();
  await expect.poll(async () => (await app.state()).connection, { timeout: 60_000 }).toBe('online');
  expect((await app.state()).fault).toBeNull();
});
