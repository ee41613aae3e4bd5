/** Approvals: the page shows a number, the person types it into a paired desktop, the page goes on. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ApprovalStatus } from '../../../src/contract/http/approvals.ts';
import type { PairingCode } from '../../../src/contract/http/shapes.ts';
import { type ApiAnswer, Browser, Desktop, problemOf } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

onEachStore('approvals', (_dialect, environment) => {
  let backend: BackendHere;
  let desktop: Desktop;
  const key = new SoftwareKey();
  const code = (answer: ApiAnswer): string | number => (answer.status < 300 ? answer.status : problemOf(answer).code);

  const withPassword = async (): Promise<Browser> => {
    const browser = new Browser(backend);
    expect((await browser.password('amina', 'secret')).body.state).toBe('password');
    return browser;
  };

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
    await backend.addPerson('amina', 'secret');
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    await browser.enroll(key);
    desktop = new Desktop(backend);
    desktop.now = () => backend.clock.now();
    expect(code(await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code))).toBe(201);
    expect(code(await desktop.hello())).toBe(200);
  });
  afterAll(() => backend.stop());
  beforeEach(() => backend.clock.advance(25 * 3_600_000));

  it('let a person in: from the number on the page to the full session', async () => {
    const stream = await desktop.events();
    expect((await stream.next())?.challenges).toEqual([]);
    const browser = await withPassword();
    const headers = { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0' };
    const begun = await browser.call<{ id: string; number: string; serviceName: string }>('beginApproval', { headers });
    expect(code(begun)).toBe(201);
    expect(begun.body.number).toMatch(/^\d{6}$/);
    const waiting = (await stream.next())?.challenges ?? [];
    expect(waiting).toMatchObject([
      {
        id: begun.body.id,
        serviceName: 'Doorstep',
        asked: { address: '127.0.0.1', browser: 'Firefox on Windows' },
        number: { digits: 6, triesLeft: 3 },
        byKey: false,
      },
    ]);
    expect(JSON.stringify(waiting)).not.toContain(begun.body.number);
    const held = browser.call<ApprovalStatus>('approval', { params: { id: begun.body.id }, query: '?wait=30' });
    expect(code(await desktop.approve(begun.body, begun.body.number))).toBe(204);
    expect((await held).body.state).toBe('approved');
    expect((await stream.next())?.challenges).toEqual([]);
    stream.stop();
    const entered = await browser.finish(begun.body.id);
    expect(entered.body).toMatchObject({ state: 'full', returnTo: null });
    expect(code(await browser.call('authenticators'))).toBe(200);
  });
});
