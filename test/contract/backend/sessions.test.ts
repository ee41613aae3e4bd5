/** Sessions and passwords: tokens, times, limits (A1, A2, C18, C20, C23, C30). */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { DoorstepError } from '../../../src/contract/errors.ts';
import { Browser, problemOf } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

onEachStore('sessions', (_dialect, environment) => {
  let backend: BackendHere;
  const key = new SoftwareKey();
  const signedIn = async (): Promise<Browser> => {
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    await browser.secondStep(key);
    return browser;
  };
  const state = async (browser: Browser): Promise<unknown> => ((await browser.call('session')).body as { state: string }).state;

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
    await backend.addPerson('amina', 'secret');
    await backend.addPerson('tomas', 'another');
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    await browser.enroll(key);
  });
  afterAll(() => backend.stop());

  it('travel in a cookie that scripts and other sites do not get', async () => {
    const browser = new Browser(backend);
    const answer = await browser.password('amina', 'secret');
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^doorstep=[a-z0-9]{9}\.[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(JSON.stringify(answer.body)).not.toContain(browser.cookies.get('doorstep'));
  });

  it('get a new token at each step, and the old one ends', async () => {
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    const before = new Map(browser.cookies);
    await browser.secondStep(key);
    expect(browser.cookies.get('doorstep')).not.toBe(before.get('doorstep'));
    const thief = new Browser(backend);
    thief.cookies = before;
    expect(await state(thief)).toBe('none');
    const full = new Map(browser.cookies);
    await browser.password('amina', 'secret');
    thief.cookies = full;
    expect(await state(thief)).toBe('none');
  });

  it('are not taken over from what a browser brings along', async () => {
    const browser = new Browser(backend);
    browser.cookies.set('doorstep', 'A'.repeat(43));
    await browser.password('amina', 'secret');
    expect(browser.cookies.get('doorstep')).not.toBe('A'.repeat(43));
  });

  it('end on the server at sign-out', async () => {
    const browser = await signedIn();
    const copy = new Browser(backend);
    copy.cookies = new Map(browser.cookies);
    expect((await browser.call('signOut')).status).toBe(204);
    expect(browser.cookies.size).toBe(0);
    expect(await state(copy)).toBe('none');
  });

  it('end when nobody uses them for an hour, and after twelve hours anyway', async () => {
    const browser = await signedIn();
    backend.clock.advance(59 * MINUTE);
    expect(await state(browser)).toBe('full');
    backend.clock.advance(61 * MINUTE);
    expect(await state(browser)).toBe('none');
    const busy = await signedIn();
    for (let minutes = 0; minutes < 12 * 60 - 50; minutes += 50) {
      backend.clock.advance(50 * MINUTE);
      expect(await state(busy)).toBe('full');
    }
    backend.clock.advance(50 * MINUTE);
    expect(await state(busy)).toBe('none');
  });

  it('are used by their second step, however long that has been waited for', async () => {
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    backend.clock.advance(9 * MINUTE);
    await browser.secondStep(key);
    backend.clock.advance(59 * MINUTE);
    expect(await state(browser)).toBe('full');
  });

  it('wait ten minutes for the second step', async () => {
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    backend.clock.advance(10 * MINUTE);
    expect(problemOf(await browser.secondStep(key)).code).toBe('session.missing');
  });

  it('end with the account', async () => {
    const person = await backend.addPerson('li', 'secret');
    const browser = new Browser(backend);
    await browser.password('li', 'secret');
    await backend.domain.store.transaction((tx) => tx.people.disable(person.id, backend.clock.now()));
    expect(await state(browser)).toBe('none');
    expect(problemOf(await new Browser(backend).password('li', 'secret')).code).toBe('person.disabled');
    expect(problemOf(await new Browser(backend).password('li', 'wrong')).code).toBe('password.wrong');
  });

  it('never tell an unknown name from a wrong password', async () => {
    const [known, unknown] = [await new Browser(backend).password('tomas', 'x'), await new Browser(backend).password('nobody', 'x')];
    expect([unknown.status, { ...problemOf(unknown), instance: '' }]).toEqual([known.status, { ...problemOf(known), instance: '' }]);
    backend.clock.advance(HOUR);
  });
});

onEachStore('wrong passwords', (_dialect, environment) => {
  let backend: BackendHere;
  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment() });
    for (const username of ['amina', 'tomas', 'grace', 'jonas', 'ünï']) await backend.addPerson(username, 'secret');
  });
  afterAll(() => backend.stop());
  const code = async (username: string, password: string): Promise<string> => {
    const answer = await new Browser(backend).password(username, password);
    return answer.status === 200 ? 'ok' : problemOf(answer).code;
  };

  it('make the next try wait, longer each time, until a right one', async () => {
    for (let tries = 0; tries < 5; tries += 1) expect(await code('amina', 'wrong')).toBe('password.wrong');
    const refused = await new Browser(backend).password('amina', 'secret');
    expect(problemOf(refused)).toMatchObject({ code: 'request.rate-limited', facts: { retryAfterSeconds: 10 } });
    expect(refused.headers.get('retry-after')).toBe('10');
    backend.clock.advance(10_000);
    expect(await code('amina', 'wrong')).toBe('password.wrong');
    expect(problemOf(await new Browser(backend).password('amina', 'secret')).facts).toEqual({ retryAfterSeconds: 20 });
    backend.clock.advance(20_000);
    expect(await code('amina', 'secret')).toBe('ok');
    expect(await code('amina', 'wrong')).toBe('password.wrong');
    expect(await code('amina', 'secret')).toBe('ok');
  });

  it('share one limit over every spelling of a name (C18)', async () => {
    const spellings = ['tomas', ' TOMAS', 'Tomas\u200b', 'ｔｏｍａｓ', 'to\u00admas'];
    for (const spelling of spellings) expect(await code(spelling, 'wrong')).toBe('password.wrong');
    for (const spelling of ['tomas', 'TOMAS ', 'ToMaS']) expect(await code(spelling, 'secret')).toBe('request.rate-limited');
    expect(await code('U\u0308nI\u0308', 'secret')).toBe('ok');
    expect(await code('amina', 'secret')).toBe('ok');
  });

  it('are looked at no more often than the limit, however many come at once (C20)', async () => {
    const codes = await Promise.all(Array.from({ length: 60 }, () => code('grace', 'wrong')));
    expect(codes.filter((one) => one === 'password.wrong')).toHaveLength(5);
    expect(codes.filter((one) => one === 'request.rate-limited')).toHaveLength(55);
  });

  it('are not counted where the backend was too busy to look', async () => {
    backend.clock.advance(HOUR);
    const verify = vi.spyOn(backend.domain.passwords, 'verify');
    for (let tries = 0; tries < 20; tries += 1) {
      verify.mockRejectedValueOnce(new DoorstepError('request.busy'));
      expect(await code('amina', 'secret')).toBe('request.busy');
    }
    verify.mockRestore();
    expect(await code('amina', 'secret')).toBe('ok');
  });

  it('stop the password for good after a hundred in a row, and nothing else (C23)', async () => {
    backend.clock.advance(HOUR);
    const key = new SoftwareKey();
    const before = new Browser(backend);
    await before.password('jonas', 'secret');
    await before.enroll(key);
    for (let tries = 0; tries < 100; tries += 1) {
      expect(await code('jonas', 'wrong')).toBe('password.wrong');
      backend.clock.advance(HOUR);
    }
    expect(await code('jonas', 'secret')).toBe('password.locked');
    backend.clock.advance(24 * HOUR);
    expect(await code('jonas', 'secret')).toBe('password.locked');
    expect(await code('amina', 'secret')).toBe('ok');
  }, 60_000);

  it('of one address make that address wait, whatever name it tries, and nobody believes a made-up address (C30)', async () => {
    backend.clock.advance(24 * HOUR);
    const seen: string[] = [];
    for (let tries = 0; tries < 60; tries += 1) {
      const browser = new Browser(backend);
      const answer = await browser.call('passwordStep', {
        body: { username: `guess${tries}`, password: 'x' },
        headers: { 'x-forwarded-for': `10.0.0.${tries}`, forwarded: `for=10.0.0.${tries}` },
      });
      seen.push(problemOf(answer).code);
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, tries) => (tries < 50 ? 'password.wrong' : 'request.rate-limited')));
  }, 60_000);
});

onEachStore('a trusted proxy', (_dialect, environment) => {
  let backend: BackendHere;
  beforeAll(async () => {
    backend = await startBackendHere({ environment: { ...(await environment()), DOORSTEP_TRUSTED_PROXIES: '127.0.0.1' } });
  });
  afterAll(() => backend.stop());

  it('is believed about who is asking, for its own hop alone', async () => {
    const ask = (forwarded: string) =>
      new Browser(backend).call('passwordStep', { body: { username: 'x', password: 'x' }, headers: { 'x-forwarded-for': forwarded } });
    await ask('203.0.113.9, 198.51.100.7');
    const rows = await backend.domain.store.read.audit.list(1, 10);
    expect(rows.at(-1)?.source).toBe('198.51.100.7');
  });
});
