/** Spare codes (C12, C14, C20): ten on a sheet, each good once beside the password, and nothing else. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultPolicy } from '../../../src/backend/domain/policy.ts';
import type { CodeEnrollment, SpareCodes } from '../../../src/contract/http/codes.ts';
import type { Authenticator, Challenge, Session } from '../../../src/contract/http/shapes.ts';
import { Browser, problemOf, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

onEachStore('spare codes', (_dialect, environment) => {
  let backend: BackendHere;
  let service: Service;
  let people = 0;

  beforeAll(async () => {
    backend = await startBackendHere({
      environment: await environment(),
      policy: {
        sessionIdle: 1_000 * HOUR,
        sessionTotal: 1_000 * HOUR,
        secondStepWithin: 1_000 * HOUR,
        limits: { ...defaultPolicy.limits, codePerSource: { ...defaultPolicy.limits.codePerSource, free: 1_000_000 } },
      },
    });
    service = await backend.addService('VPN');
  });
  afterAll(() => backend.stop());

  const atPassword = async (username: string): Promise<Browser> => {
    const browser = new Browser(backend);
    expect(codeOf(await browser.password(username, 'secret'))).toBe(200);
    return browser;
  };
  const somebody = async () => {
    people += 1;
    const username = `person${people}`;
    await backend.addPerson(username, 'secret');
    const browser = await atPassword(username);
    const key = new SoftwareKey();
    await browser.enroll(key);
    const { codes } = (await browser.call<SpareCodes>('spareCodes')).body;
    return { username, browser, key, codes, first: codes[0] ?? '' };
  };
  const spend = async (browser: Browser, typed: string): Promise<string | number> =>
    codeOf(await browser.call('spareCodeStep', { body: { code: typed } }));
  const shown = async (browser: Browser): Promise<Authenticator | undefined> =>
    (await browser.call<{ authenticators: Authenticator[] }>('authenticators')).body.authenticators.find(
      ({ kind }) => kind === 'recovery-codes',
    );

  it('come ten to a sheet, of signs that nobody mistakes', async () => {
    const { browser, codes } = await somebody();
    expect(codes).toHaveLength(10);
    expect(new Set(codes).size).toBe(10);
    for (const one of codes) expect(one).toMatch(/^[A-HJ-NP-RT-Y346789]{7}-[A-HJ-NP-RT-Y346789]{7}$/);
    expect(await shown(browser)).toMatchObject({ state: 'active', spareCodesLeft: 10, code: null, preferred: false });
  });

  it('finish a sign-in once each, however they are typed, and are counted down', async () => {
    const { username, browser, codes } = await somebody();
    const writings = [
      (one: string) => one,
      (one: string) => one.toLowerCase().replace('-', ' '),
      (one: string) => ` ${[...one].join(' ')}\t`,
    ];
    for (const [index, write] of writings.entries()) {
      const half = await atPassword(username);
      expect((await half.call<Session>('session')).body.ways).toContain('recovery-codes');
      expect(await spend(half, write(codes[index] ?? ''))).toBe(200);
      expect((await half.call<Session>('session')).body.state).toBe('full');
      expect((await shown(browser))?.spareCodesLeft).toBe(9 - index);
      for (const again of writings) expect(await spend(await atPassword(username), again(codes[index] ?? ''))).toBe('spare-code.wrong');
      await spend(await atPassword(username), codes[9 - index] ?? '');
      expect((await shown(browser))?.spareCodesLeft).toBeLessThan(9 - index);
      await browser.call('spareCodes');
      Object.assign(codes, (await browser.call<SpareCodes>('spareCodes')).body.codes);
      await backend.domain.store.transaction(async (tx) => {
        const id = (await shown(browser))?.id ?? '';
        for (const one of codes.slice(0, index + 1)) expect(one).toHaveLength(15);
        await tx.authenticators.touch(id, backend.clock.now(), 'test');
      });
      for (let used = 0; used <= index; used += 1) expect(await spend(await atPassword(username), codes[used] ?? '')).toBe(200);
    }
  });

  it('are one code each however they are written, and nothing else is that code (C12)', async () => {
    const { username, first } = await somebody();
    const type = async (typed: string): Promise<string | number> => {
      backend.clock.advance(HOUR);
      return spend(await atPassword(username), typed);
    };
    const bare = first.replace('-', '');
    const [sign = ''] = bare;
    for (const other of [
      `${first}\0`,
      `\0${first}`,
      bare.replace(/(.{7})/, '$1\u200b'),
      bare.slice(1),
      `${bare}A`,
      `${bare}${bare}`,
      `${sign === 'A' ? 'B' : 'A'}${bare.slice(1)}`,
    ]) {
      expect(await type(other), JSON.stringify(other)).toBe('spare-code.wrong');
    }
    const fullWidth = [...bare].map((one) => String.fromCodePoint(one.charCodeAt(0) + 0xfee0)).join('');
    const writings = [
      first,
      bare,
      bare.toLowerCase(),
      ` ${first}\n`,
      bare.replace(/(.{7})/, '$1\u2013'),
      [...bare].join('\u00a0'),
      fullWidth,
    ];
    expect(await type(fullWidth)).toBe(200);
    for (const writing of writings) expect(await type(writing), JSON.stringify(writing)).toBe('spare-code.wrong');
  });

  it('stand for nothing but the second step of their own person', async () => {
    const { username, browser, codes, first } = await somebody();
    const other = await somebody();
    expect(await spend(await atPassword(other.username), first)).toBe('spare-code.wrong');
    // Not for the password, nor for both at once.
    expect(codeOf(await new Browser(backend).password(username, first))).toBe('password.wrong');
    expect(await spend(new Browser(backend), first)).toBe('session.missing');
    expect(codeOf(await browser.call('codeStep', { body: { code: first } }))).toBe('code.wrong');
    const asked = (await service.call<Challenge>('createChallenge', { body: { username } })).body.id;
    expect(codeOf(await service.call('challengeCode', { params: { id: asked }, body: { code: first } }))).toBe('code.wrong');
    const begun = (await browser.call<CodeEnrollment>('codeEnrollment')).body.enrollmentId;
    expect(codeOf(await browser.call('finishCodeEnrollment', { params: { id: begun }, body: { code: first, name: 'X' } }))).toBe(
      'code.wrong',
    );
    // It answers a request in the browser, as any second step does.
    const answered = await browser.call<Session>('spareCodeStep', { body: { code: first, challengeId: asked } });
    expect(codeOf(answered)).toBe(200);
    expect((await service.call<Challenge>('challenge', { params: { id: asked } })).body).toMatchObject({
      state: 'approved',
      result: { amr: ['pwd', 'otp', 'mfa'], assurance: 'other-device', userVerified: false },
    });
    // One that wants the PIN of a key is not for codes, and nothing is used up.
    const strict = (await service.call<Challenge>('createChallenge', { body: { username, userVerification: 'required' } })).body.id;
    const half = await atPassword(username);
    expect((await half.call<Session>('session', { query: `?challenge=${strict}` })).body.ways).toEqual(['security-key']);
    for (const name of ['codeStep', 'spareCodeStep'] as const) {
      expect(codeOf(await half.call(name, { body: { code: codes[1], challengeId: strict } }))).toBe('challenge.wants-verification');
    }
    await service.call('cancelChallenge', { params: { id: strict } });
    expect(await spend(half, codes[1] ?? '')).toBe(200);
  });

  it('end with a new sheet, and so do the sessions that they opened', async () => {
    const { username, browser, key, codes } = await somebody();
    const opened = await atPassword(username);
    expect(await spend(opened, codes[0] ?? '')).toBe(200);
    const again = (await browser.call<SpareCodes>('spareCodes')).body.codes;
    expect((await opened.call<Session>('session')).body.state).toBe('none');
    expect(await spend(await atPassword(username), codes[1] ?? '')).toBe('spare-code.wrong');
    expect(await spend(await atPassword(username), again[0] ?? '')).toBe(200);
    const sheets = (await browser.call<{ authenticators: Authenticator[] }>('authenticators')).body.authenticators;
    expect(sheets.filter(({ kind }) => kind === 'recovery-codes')).toHaveLength(1);
    // A sheet is a way back, not a way in: the key stays.
    const keyId = sheets.find(({ kind }) => kind === 'security-key')?.id ?? '';
    expect(codeOf(await browser.call('removeAuthenticator', { params: { id: keyId } }))).toBe('authenticator.last-way');
    expect(
      codeOf(await browser.call('changeAuthenticator', { params: { id: (await shown(browser))?.id ?? '' }, body: { preferred: true } })),
    ).toBe('authenticator.suspended');
    const sheet = await shown(browser);
    expect((await browser.call('removeAuthenticator', { params: { id: sheet?.id ?? '' } })).status).toBe(204);
    expect(await spend(await atPassword(username), again[1] ?? '')).toBe('spare-code.wrong');
    expect((await browser.secondStep(key)).status).toBe(200);
  });

  it('want a fresh second step to be made', async () => {
    const { browser } = await somebody();
    backend.clock.advance(11 * 60 * SECOND);
    expect(codeOf(await browser.call('spareCodes'))).toBe('session.stale');
  });

  it('typed wrong make the next try wait, and stop the sheet after a hundred in a row', async () => {
    const { username, browser, key, codes } = await somebody();
    const half = await atPassword(username);
    for (let tries = 0; tries < 5; tries += 1) expect(await spend(half, 'ABCDEFGHJKLMNP')).toBe('spare-code.wrong');
    const refused = await half.call('spareCodeStep', { body: { code: codes[0] } });
    expect(problemOf(refused)).toMatchObject({ code: 'request.rate-limited', facts: { retryAfterSeconds: 10 } });
    backend.clock.advance(10 * SECOND);
    expect(await spend(half, codes[0] ?? '')).toBe(200);
    const guesses = await Promise.all(
      Array.from({ length: 200 }, (_, index) => spend(half, index % 2 ? 'ABCDEFGHJKLMNP' : 'anything at all')),
    );
    expect(guesses.filter((one) => one === 'spare-code.wrong')).toHaveLength(5);
    expect(guesses.filter((one) => one === 'request.rate-limited')).toHaveLength(195);
    for (let tries = 5; tries < 100; tries += 1) {
      backend.clock.advance(HOUR);
      expect(await spend(half, 'ABCDEFGHJKLMNP')).toBe('spare-code.wrong');
    }
    backend.clock.advance(HOUR);
    expect(await spend(half, codes[1] ?? '')).toBe('code.locked');
    expect((await browser.secondStep(key)).status).toBe(200);
    expect(await shown(browser)).toMatchObject({ state: 'suspended', suspendedBecause: 'too-many-failures' });
    const renewed = (await browser.call<SpareCodes>('spareCodes')).body.codes;
    backend.clock.advance(HOUR);
    // The session that an old code had opened ended with its sheet.
    expect(await spend(half, renewed[0] ?? '')).toBe('session.missing');
    expect(await spend(await atPassword(username), renewed[0] ?? '')).toBe(200);
  }, 120_000);

  it('are in the trail, each use and each wrong one, and never as they are written', async () => {
    const { browser, codes } = await somebody();
    await spend(browser, codes[0] ?? '');
    await spend(browser, 'ABCDEFGHJKLMNP');
    const rows = await backend.domain.store.read.audit.list(1, 100_000);
    const own = rows.filter(({ subjectId, event }) => event.startsWith('spare-code') && subjectId !== null).slice(-2);
    expect(own.map(({ event }) => event)).toEqual(['spare-codes.made', 'spare-code.used']);
    expect(own.at(-1)?.facts).toEqual({ left: 9 });
    expect(rows.at(-1)).toMatchObject({ outcome: 'refused', reason: 'spare-code.wrong' });
    for (const one of codes) {
      expect(JSON.stringify(rows)).not.toContain(one);
      expect(JSON.stringify(rows)).not.toContain(one.replace('-', ''));
    }
  });
});
