/** What a code opens, and that it opens it once (C12, C13, C15, C16, C17), whatever it looks like and whoever brings it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CodeEnrollment } from '../../../src/contract/http/codes.ts';
import type { Authenticator, Challenge, PairingCode, Session } from '../../../src/contract/http/shapes.ts';
import { type ApiAnswer, Browser, Desktop, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, giverOf, LONG, patientPolicy, step, wrongCode } from '../../support/codes.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const policy = patientPolicy({ secondStepWithin: LONG });

onEachStore('one code', (_dialect, environment) => {
  let backend: BackendHere;
  let service: Service;
  const now = (): number => backend.clock.now();
  let people = 0;

  /** A person with a key and a session; enrolling codes needs no more. */
  const person = async (): Promise<{ username: string; browser: Browser; key: SoftwareKey }> => {
    people += 1;
    const username = `person${people}`;
    await backend.addPerson(username, 'secret');
    const browser = new Browser(backend);
    await browser.password(username, 'secret');
    const key = new SoftwareKey();
    await browser.enroll(key);
    return { username, browser, key };
  };
  const type = async (browser: Browser, typed: string): Promise<string | number> =>
    codeOf(await browser.call<Session>('codeStep', { body: { code: typed } }));
  const serviceTakes = async (username: string, typed: string): Promise<string | number> => {
    const asked = await service.call<Challenge>('createChallenge', { body: { username } });
    const params = { id: asked.body.id };
    const answer = await service.call('challengeCode', { params, body: { code: typed } });
    if (answer.status !== 200) await service.call('cancelChallenge', { params });
    return codeOf(answer);
  };

  /** Everywhere that a code of this person may be typed. */
  const placesOf = (username: string, browser: Browser): Record<string, (typed: string) => Promise<string | number>> => ({
    'sign-in': async (typed) => {
      const fresh = new Browser(backend);
      await fresh.password(username, 'secret');
      return type(fresh, typed);
    },
    'step-up': (typed) => type(browser, typed),
    service: (typed) => serviceTakes(username, typed),
    'request in the browser': async (typed) => {
      const asked = await service.call<Challenge>('createChallenge', { body: { username } });
      const answer = await browser.call('codeStep', { body: { code: typed, challengeId: asked.body.id } });
      if (answer.status !== 200) await service.call('cancelChallenge', { params: { id: asked.body.id } });
      return codeOf(answer);
    },
  });

  beforeAll(async () => {
    backend = await startBackendHere({ environment: await environment(), policy });
    service = await backend.addService('VPN');
  });
  afterAll(() => backend.stop());

  it('is one code however it is written, and nothing else is that code (C12)', async () => {
    const { browser } = await person();
    const giver = await enrollCodes(browser, now());
    backend.clock.advance(MINUTE);
    const right = giver.at(step(giver, now()));
    const fullWidth = [...right].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('');
    const arabic = [...right].map((digit) => String.fromCodePoint(0x0660 + Number(digit))).join('');
    for (const other of [
      fullWidth,
      arabic,
      `${right}\0`,
      `\0${right}`,
      `0${right}`,
      `00${right}`,
      `${right}0`,
      `+${right}`,
      `${right}.0`,
      `0x${right}`,
      `${right}e0`,
      right.slice(1),
      ' ',
      '\0',
    ]) {
      expect(await type(browser, other), JSON.stringify(other)).toBe('code.wrong');
    }
    const spaced = `${right.slice(0, 3)} ${right.slice(3)}`;
    expect(await type(browser, spaced)).toBe(200);
    const writings = [
      right,
      ` ${right}`,
      `${right}\t`,
      `${right}\n`,
      spaced,
      right.replace(/(...)/, '$1\u00a0'),
      right.replace(/(...)/, '$1-'),
      [...right].join('\u2009'),
      `\ufeff${right}`,
      right.replace(/(...)/, '$1\u2013'),
    ];
    for (const writing of writings) expect(await type(browser, writing), JSON.stringify(writing)).toBe('code.wrong');
    expect((await browser.call('codeStep', { body: { code: '1'.repeat(65) } })).status).toBe(400);
  });

  it('that begins with zeros is that code with all of them, and no other (C12)', async () => {
    const { username, browser } = await person();
    const giver = await enrollCodes(browser, now());
    for (const zeros of ['0', '00']) {
      let ahead = 3;
      while (!giver.at(step(giver, now()) + ahead).startsWith(zeros)) ahead += 1;
      backend.clock.advance(ahead * 30 * SECOND);
      const right = giver.at(step(giver, now()));
      const short = String(Number(right));
      for (const other of [short, short.padStart(5, '0'), `0${right}`, `00${right}`]) {
        expect(await type(browser, other), other).toBe('code.wrong');
        expect(await serviceTakes(username, other), other).toBe('code.wrong');
      }
      expect(await type(browser, right)).toBe(200);
      expect(await serviceTakes(username, right)).toBe('code.wrong');
      expect(await serviceTakes(username, ` ${right}\u00a0`)).toBe('code.wrong');
    }
  });

  it('opens every place but once (C13)', async () => {
    const { username, browser, key } = await person();
    const giver = await enrollCodes(browser, now());
    const places = placesOf(username, browser);
    // Proving it was its first use.
    for (const place of Object.values(places)) expect(await place(giver.at(step(giver, now())))).toBe('code.wrong');
    for (const first of Object.keys(places)) {
      backend.clock.advance(MINUTE);
      const typed = giver.at(step(giver, now()));
      expect(await places[first]?.(typed), first).toBe(200);
      for (const [then, place] of Object.entries(places)) expect(await place(typed), `${first}, then ${then}`).toBe('code.wrong');
      // Neither does a code from before it.
      for (const place of Object.values(places)) expect(await place(giver.at(step(giver, now()) - 1))).toBe('code.wrong');
    }
    expect((await browser.secondStep(key)).status).toBe(200);
  });

  it('of a counter opens nothing that is behind, and the counter never goes back (C15)', async () => {
    const { browser } = await person();
    const giver = await enrollCodes(browser, now(), { kind: 'hotp' });
    expect(await type(browser, giver.at(0))).toBe('code.wrong');
    // Ten may have been pressed in a pocket.
    expect(await type(browser, giver.at(11))).toBe(200);
    for (let counter = 0; counter <= 11; counter += 1) expect(await type(browser, giver.at(counter))).toBe('code.wrong');
    expect(await type(browser, giver.at(23))).toBe('code.wrong');
    expect(await type(browser, giver.at(12))).toBe(200);
    // Far ahead: two codes in a row, in this order, and nothing in between.
    expect(await type(browser, giver.at(500))).toBe('code.wrong');
    expect(await type(browser, giver.at(502))).toBe('code.wrong');
    expect(await type(browser, giver.at(501))).toBe('code.wrong');
    expect(await type(browser, giver.at(500))).toBe('code.wrong');
    expect(await type(browser, wrongCode(giver, 500))).toBe('code.wrong');
    expect(await type(browser, giver.at(501))).toBe('code.wrong');
    expect(await type(browser, giver.at(502))).toBe(200);
    for (const counter of [13, 499, 500, 501, 502]) expect(await type(browser, giver.at(counter))).toBe('code.wrong');
    expect(await type(browser, giver.at(503))).toBe(200);
    // Beyond the window there is no way back but the desk.
    expect(await type(browser, giver.at(503 + 1_002))).toBe('code.wrong');
    expect(await type(browser, giver.at(503 + 1_003))).toBe('code.wrong');
    // Two codes in a row count for ten minutes.
    expect(await type(browser, giver.at(900))).toBe('code.wrong');
    backend.clock.advance(10 * MINUTE + 1);
    expect(await type(browser, giver.at(901))).toBe('code.wrong');
    expect(await type(browser, giver.at(902))).toBe(200);
    const [row] = await backend.domain.store.read.codes.listOf((await personOf(browser)).id);
    expect(row).toMatchObject({ lastPosition: 902, failures: 0, candidate: null });
  });

  it('and the next one bring a token back, wherever each of them is typed', async () => {
    const { username, browser } = await person();
    const giver = await enrollCodes(browser, now(), { kind: 'hotp' });
    const places = Object.entries(placesOf(username, browser));
    let far = 0;
    for (const [first, one] of places) {
      for (const [then, other] of places) {
        far += 20;
        // The second alone, or before the first, is one more wrong code.
        expect(await other(giver.at(far + 1)), `${then} before ${first}`).toBe('code.wrong');
        expect(await one(giver.at(far)), first).toBe('code.wrong');
        expect(await other(giver.at(far + 1)), `${first}, then ${then}`).toBe(200);
        for (const again of [far, far + 1]) expect(await one(giver.at(again)), `${again} again`).toBe('code.wrong');
      }
    }
    const clocked = await enrollCodes(browser, now());
    for (const [name, place] of places) {
      backend.clock.advance(HOUR);
      const ahead = 15 * (places.findIndex(([one]) => one === name) + 1);
      expect(await place(clocked.at(step(clocked, now()) + ahead)), name).toBe('code.wrong');
      backend.clock.advance(30 * SECOND);
      expect(await place(clocked.at(step(clocked, now()) + ahead)), name).toBe(200);
    }
  });

  it('is learned with the clock of its token, and never replayed by the clock of the server (C16)', async () => {
    const { browser } = await person();
    const giver = await enrollCodes(browser, now());
    /** The token's clock is ahead by so many steps. */
    const ahead = (steps: number) => giver.at(step(giver, now()) + steps);
    const later = (): void => backend.clock.advance(MINUTE);
    later();
    expect(await type(browser, ahead(2))).toBe('code.wrong');
    // It drifts by one step at a time, and is followed.
    for (const drift of [1, 2, 3, 4]) {
      later();
      expect(await type(browser, ahead(drift)), String(drift)).toBe(200);
    }
    later();
    expect(await type(browser, ahead(2))).toBe('code.wrong');
    expect(await type(browser, ahead(3))).toBe(200);
    // Twelve steps at once: the next code proves it, if it comes when its turn is.
    later();
    expect(await type(browser, ahead(15))).toBe('code.wrong');
    backend.clock.advance(30 * SECOND);
    expect(await type(browser, ahead(15))).toBe(200);
    later();
    expect(await type(browser, ahead(-5))).toBe('code.wrong');
    expect(await type(browser, ahead(-4))).toBe('code.wrong');
    // Two that were written down together are not two in a row: the second one's turn was five minutes later.
    backend.clock.advance(HOUR);
    expect(await type(browser, ahead(30))).toBe('code.wrong');
    backend.clock.advance(5 * MINUTE);
    expect(await type(browser, ahead(21))).toBe('code.wrong');

    const truth = now();
    const used = ahead(15);
    expect(await type(browser, used)).toBe(200);
    // An hour back: nothing that was used works again, and no wait outlives the return.
    backend.clock.advance(-HOUR);
    for (const drift of [14, 15, 16]) expect(await type(browser, ahead(drift))).toBe('code.wrong');
    expect(await type(browser, used)).toBe('code.wrong');
    backend.clock.advance(HOUR + MINUTE);
    expect(await type(browser, used)).toBe('code.wrong');
    expect(await type(browser, ahead(15))).toBe(200);
    // A day ahead, with people whose tokens know better: what they typed in vain locks nobody out.
    backend.clock.advance(24 * HOUR);
    const trueStep = step(giver, truth + 2 * MINUTE) + 15;
    for (let tries = 0; tries < 5; tries += 1) expect(await type(browser, giver.at(trueStep + tries))).toBe('code.wrong');
    backend.clock.advance(-24 * HOUR + 5 * MINUTE);
    expect(await type(browser, ahead(15))).toBe(200);
    // A leap second repeats a second, daylight saving nothing at all: the step is counted in UTC.
    backend.clock.advance(-SECOND);
    expect(await type(browser, ahead(15))).toBe('code.wrong');
  });

  it('of a source that was not proved opens nothing (C17)', async () => {
    const { username, browser, key } = await person();
    const begun = (await browser.call<CodeEnrollment>('codeEnrollment')).body;
    const giver = giverOf(begun);
    const params = { id: begun.enrollmentId };
    expect((await browser.call<Session>('session')).body.ways).toEqual(['security-key']);
    for (const offset of [-1, 0, 1]) {
      expect(await type(browser, giver.at(step(giver, now()) + offset))).toBe('code.wrong');
      expect(await serviceTakes(username, giver.at(step(giver, now()) + offset))).toBe('code.wrong');
    }
    // It belongs to the session that began it, and to nobody else's.
    const right = (): string => giver.at(step(giver, now()));
    const other = await person();
    const elsewhere = new Browser(backend);
    await elsewhere.password(username, 'secret');
    const desktop = new Desktop(backend);
    desktop.now = now;
    await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
    const body = () => ({ code: right(), name: 'Mine' });
    expect(codeOf(await other.browser.call('finishCodeEnrollment', { params, body: body() }))).toBe('ceremony.ended');
    expect(codeOf(await elsewhere.call('finishCodeEnrollment', { params, body: body() }))).toBe('session.second-step-missing');
    expect(codeOf(await desktop.call('deviceFinishCodeEnrollment', { params, body: body() }))).toBe('ceremony.ended');
    expect(
      codeOf(await browser.call('finishCodeEnrollment', { params, body: { code: wrongCode(giver, step(giver, now())), name: 'Mine' } })),
    ).toBe('code.wrong');
    expect(codeOf(await browser.call('finishCodeEnrollment', { params, body: body() }))).toBe(201);
    expect(codeOf(await browser.call('finishCodeEnrollment', { params, body: body() }))).toBe('ceremony.ended');
    // A second one ends the first; ten minutes end both.
    const first = giverOf((await browser.call<CodeEnrollment>('codeEnrollment')).body);
    const second = giverOf((await browser.call<CodeEnrollment>('codeEnrollment')).body);
    const finish = async (which: Giver): Promise<string | number> =>
      codeOf(
        await browser.call('finishCodeEnrollment', {
          params: { id: which.id },
          body: { code: which.at(step(which, now())), name: 'Other' },
        }),
      );
    expect(await finish(first)).toBe('ceremony.ended');
    backend.clock.advance(10 * MINUTE);
    expect(codeOf(await browser.secondStep(key))).toBe(200);
    expect(await finish(second)).toBe('ceremony.ended');
    const kinds = (await browser.call<{ authenticators: Authenticator[] }>('authenticators')).body.authenticators.map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['desktop', 'security-key', 'totp']);
  });

  it('that anybody could think of opens nothing, on any address that takes one (C17)', async () => {
    const { username, browser, key } = await person();
    const giver = await enrollCodes(browser, now());
    await browser.call('spareCodes');
    const desktop = new Desktop(backend);
    desktop.now = now;
    await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
    const enrollment = (await browser.call<CodeEnrollment>('codeEnrollment')).body.enrollmentId;
    const atDesktop = (await desktop.call<CodeEnrollment>('deviceCodeEnrollment')).body.enrollmentId;
    const asked = (await service.call<Challenge>('createChallenge', { body: { username } })).body.id;
    const sends: Record<string, (typed: string) => Promise<ApiAnswer>> = {
      codeStep: (typed) => browser.call('codeStep', { body: { code: typed } }),
      spareCodeStep: (typed) => browser.call('spareCodeStep', { body: { code: typed } }),
      finishCodeEnrollment: (typed) =>
        browser.call('finishCodeEnrollment', { params: { id: enrollment }, body: { code: typed, name: 'X' } }),
      deviceFinishCodeEnrollment: (typed) =>
        desktop.call('deviceFinishCodeEnrollment', { params: { id: atDesktop }, body: { code: typed, name: 'X' } }),
      challengeCode: (typed) => service.call('challengeCode', { params: { id: asked }, body: { code: typed } }),
      pairDevice(typed) {
        const another = new Desktop(backend);
        another.now = now;
        return another.pair(typed.slice(0, 32));
      },
    };
    const { paths } = (await (await fetch(`${backend.base}/v1/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string; requestBody?: unknown }>>;
    };
    const taking = Object.values(paths)
      .flatMap((path) => Object.values(path))
      .filter(({ requestBody }) => JSON.stringify(requestBody ?? null).includes('"code":{'))
      .map(({ operationId }) => operationId);
    expect(taking.sort()).toEqual(Object.keys(sends).sort());
    const guesses = [
      '000000',
      '123456',
      '111111',
      '999999',
      '00000000',
      '12345678',
      '0',
      'code',
      'null',
      'undefined',
      '[object Object]',
      'AAAAAAA-AAAAAAA',
      'ABCDEFGHJKLMNP',
      '\u0000',
      "' or 1=1 --",
    ];
    for (const [name, send] of Object.entries(sends)) {
      for (const guess of guesses) {
        const answer = await send(guess);
        expect(answer.status, `${name} ${guess}`).toBeGreaterThanOrEqual(400);
        expect(answer.status, `${name} ${guess}`).toBeLessThan(500);
      }
    }
    expect(giver.id).toHaveLength(22);
    expect((await browser.secondStep(key)).status).toBe(200);
  });

  it('of any form is known by its own form only', async () => {
    const { browser } = await person();
    const forms = [
      { algorithm: 'SHA1', digits: 8, period: 15 },
      { algorithm: 'SHA256', digits: 6, period: 60 },
      { algorithm: 'SHA512', digits: 8, period: 120 },
    ] as const;
    const givers: Giver[] = [];
    for (const form of forms) givers.push(await enrollCodes(browser, now(), { form }));
    const counted = await enrollCodes(browser, now(), { kind: 'hotp', form: { algorithm: 'SHA256', digits: 8, period: null } });
    backend.clock.advance(4 * MINUTE);
    for (const giver of givers) {
      const right = giver.at(step(giver, now()));
      expect(giver.enrollment.secret).toMatch(/^[A-Z2-7]{32,104}$/);
      expect(await type(browser, right.slice(0, 5))).toBe('code.wrong');
      expect(await type(browser, right)).toBe(200);
      expect(await type(browser, right)).toBe('code.wrong');
    }
    expect(await type(browser, counted.at(1))).toBe(200);
    for (const wrong of [
      { kind: 'totp', form: { algorithm: 'SHA1', digits: 6, period: null } },
      { kind: 'hotp', form: { algorithm: 'SHA1', digits: 6, period: 30 } },
      { kind: 'totp', form: { algorithm: 'MD5', digits: 6, period: 30 } },
      { kind: 'totp', form: { algorithm: 'SHA1', digits: 7, period: 30 } },
      { kind: 'totp', form: { algorithm: 'SHA1', digits: 6, period: 1 } },
    ]) {
      expect(codeOf(await browser.call('codeEnrollment', { body: wrong }))).toBe('request.malformed');
    }
  });

  const personOf = async (browser: Browser): Promise<{ id: string }> => {
    const { person: who } = (await browser.call<Session>('session')).body;
    if (who === null) throw new Error('nobody is signed in');
    return who;
  };
});
