/**
 * What closes an account in the middle of a sign-in closes every way in (C21, C22): a lock of the password that begins after
 * it was shown, for a while or for good, and the end of the account itself.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideChallenge } from '../../../src/backend/domain/approvals/decide.ts';
import { finishApproval } from '../../../src/backend/domain/approvals/finish-approval.ts';
import { beginChallengeAnswer, finishChallengeAnswer } from '../../../src/backend/domain/challenges/answer-challenge.ts';
import { codeStep } from '../../../src/backend/domain/codes/code-step.ts';
import type { CurrentDevice } from '../../../src/backend/domain/devices/device-request.ts';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import { defaultPolicy } from '../../../src/backend/domain/policy.ts';
import { spareCodeStep } from '../../../src/backend/domain/recovery-codes/spare-code-step.ts';
import { type CurrentSession, currentSession } from '../../../src/backend/domain/sessions/current-session.ts';
import { beginSecondStep, finishSecondStep } from '../../../src/backend/domain/sessions/second-step.ts';
import type { SpareCodes } from '../../../src/contract/http/codes.ts';
import type { Challenge, Session } from '../../../src/contract/http/shapes.ts';
import { type ApiAnswer, Browser, type Ceremony, type Desktop, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, step } from '../../support/codes.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf, Household } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const MINUTE = 60_000;
const BROWSER = { source: '198.51.100.4' };
const DESK = { source: '192.0.2.8' };
const LIMIT = { free: 3, firstWait: MINUTE / 2, longestWait: MINUTE, lockAfter: 5, forgetEvery: null };
const PATIENT = { free: 1_000_000, firstWait: 1, longestWait: 1, lockAfter: null, forgetEvery: null };

onEachStore('an account that is closed in the middle', (_dialect, environment) => {
  let backend: BackendHere;
  let service: Service;
  let people = 0;

  interface Somebody {
    readonly house: Household;
    readonly desktop: Desktop;
    readonly codes: Giver;
    readonly spare: string;
  }

  beforeAll(async () => {
    backend = await startBackendHere({
      environment: await environment(),
      policy: {
        limits: { ...defaultPolicy.limits, passwordPerAccount: LIMIT, passwordPerAccountAndSource: PATIENT, passwordPerSource: PATIENT },
      },
    });
    service = await backend.addService('VPN');
  });
  afterAll(() => backend.stop());

  const somebody = async (): Promise<Somebody> => {
    people += 1;
    const house = await Household.open(backend, `person${people}`);
    const desktop = await house.desktop();
    const browser = await house.signedIn();
    const codes = await enrollCodes(browser, backend.clock.now());
    const sheet = (await browser.call<SpareCodes>('spareCodes')).body;
    // Past the step that proved the codes.
    backend.clock.advance(MINUTE);
    return { house, desktop, codes, spare: sheet.codes[0] ?? '' };
  };
  const wrongPasswords = async (username: string, count: number): Promise<void> => {
    for (let time = 0; time < count; time += 1) await new Browser(backend).password(username, 'wrong');
  };
  const codeNow = ({ codes }: Somebody): string => codes.at(step(codes, backend.clock.now()));
  interface Way {
    /** All that can be done before the account is closed; answers the step itself. */
    readonly prepare: (browser: Browser, who: Somebody) => Promise<() => Promise<ApiAnswer>>;
    /** What the same proof is answered the second time. */
    readonly usedUp: string;
  }
  const WAYS: Record<string, Way> = {
    'a key': {
      async prepare(browser, { house }) {
        const { ceremonyId, options } = (await browser.call<Ceremony>('assertionOptions')).body;
        const credential = house.key.assert(options, browser.origin);
        return () => browser.call('assertionStep', { body: { ceremonyId, credential } });
      },
      usedUp: 'ceremony.ended',
    },
    'a code': {
      async prepare(browser, who) {
        const code = codeNow(who);
        return () => browser.call('codeStep', { body: { code } });
      },
      usedUp: 'code.wrong',
    },
    'a spare code': {
      prepare: async (browser, who) => () => browser.call('spareCodeStep', { body: { code: who.spare } }),
      usedUp: 'spare-code.wrong',
    },
    'an approval': {
      async prepare(browser, who) {
        const request = (await browser.begin()).body;
        expect(codeOf(await who.desktop.approve(request, request.number))).toBe(204);
        return () => browser.finish(request.id);
      },
      usedUp: 'challenge.ended',
    },
  };
  const lastRow = async (personId: string) =>
    (await backend.domain.store.read.audit.list(1, 100_000)).filter((row) => row.personId === personId).at(-1);

  describe.each(Object.entries(WAYS))('by %s', (_way, { prepare, usedUp }) => {
    it('lets nobody in after a lock of the password for a while, and the proof is used up', async () => {
      const who = await somebody();
      const browser = await who.house.withPassword();
      const enter = await prepare(browser, who);
      await wrongPasswords(who.house.person.username, LIMIT.free);
      expect(codeOf(await enter())).toBe('request.rate-limited');
      expect((await browser.call<Session>('session')).body.state).toBe('password');
      const refused = { event: 'session.second-step', outcome: 'refused', reason: 'request.rate-limited' };
      expect(await lastRow(who.house.person.id)).toMatchObject(refused);
      backend.clock.advance(LIMIT.firstWait);
      expect(codeOf(await enter())).toBe(usedUp);
      await who.house.signedIn();
    });

    it('lets nobody in after a lock of the password for good', async () => {
      const who = await somebody();
      const browser = await who.house.withPassword();
      for (let time = 0; time <= LIMIT.lockAfter; time += 1) {
        await wrongPasswords(who.house.person.username, 1);
        backend.clock.advance(LIMIT.longestWait);
      }
      expect(codeOf(await (await prepare(browser, who))())).toBe('password.locked');
      expect((await browser.call<Session>('session')).body.state).toBe('password');
      expect(await lastRow(who.house.person.id)).toMatchObject({ outcome: 'refused', reason: 'password.locked' });
    });
  });

  it('adds no first way either', async () => {
    const person = await backend.addPerson('newcomer', 'secret');
    const browser = new Browser(backend);
    expect((await browser.password('newcomer', 'secret')).body.state).toBe('enrolling');
    await wrongPasswords('newcomer', LIMIT.free);
    expect(codeOf(await browser.enroll(new SoftwareKey()))).toBe('request.rate-limited');
    expect(await backend.domain.store.read.authenticators.listOf(person.id)).toEqual([]);
  });

  describe('and ended between the guard and the step', () => {
    /** The session or the desktop as the guard has found it, just before the account ends. */
    const sessionOf = async (browser: Browser): Promise<CurrentSession> => {
      const current = await currentSession(backend.domain, [...browser.cookies.values()][0] ?? null);
      if (current === null) throw new Error('no session');
      return current;
    };
    const deviceOf = async ({ desktop, house: { person } }: Somebody): Promise<CurrentDevice> => {
      const device = await backend.domain.store.read.authenticators.byId(desktop.deviceId);
      if (device === null) throw new Error('no desktop');
      return { device, person, signed: { nonce: newId(), generation: desktop.generation, signedAt: backend.clock.now() } };
    };
    const asked = async ({ house }: Somebody): Promise<Challenge> =>
      (await service.call<Challenge>('createChallenge', { body: { username: house.person.username } })).body;

    /** What was done for the person, by the trail. */
    const done = async ({ house: { person } }: Somebody) =>
      (await backend.domain.store.read.audit.list(1, 100_000)).filter((row) => row.personId === person.id && row.outcome === 'done');

    it.each<[string, (browser: Browser, who: Somebody) => Promise<() => Promise<unknown>>]>([
      [
        'a key',
        async (browser, { house }) => {
          const current = await sessionOf(browser);
          const { ceremony, options } = await beginSecondStep(backend.domain, BROWSER, current, null);
          const credential = house.key.assert(options, backend.origin);
          return () => finishSecondStep(backend.domain, BROWSER, current, { ceremonyId: ceremony.id, credential });
        },
      ],
      [
        'a code',
        async (browser, who) => {
          const current = await sessionOf(browser);
          return () => codeStep(backend.domain, BROWSER, current, { code: codeNow(who), challengeId: null });
        },
      ],
      [
        'a spare code',
        async (browser, { spare }) => {
          const current = await sessionOf(browser);
          return () => spareCodeStep(backend.domain, BROWSER, current, { code: spare, challengeId: null });
        },
      ],
      [
        'the redemption of an approval',
        async (browser, { desktop }) => {
          const request = (await browser.begin()).body;
          expect(codeOf(await desktop.approve(request, request.number))).toBe(204);
          const current = await sessionOf(browser);
          return () => finishApproval(backend.domain, BROWSER, current, request.id);
        },
      ],
      [
        'a number at a desktop',
        async (_browser, who) => {
          const { id, number } = await asked(who);
          const current = await deviceOf(who);
          const iat = Math.floor(backend.clock.now() / 1_000);
          const { personId: person, deviceId: device } = who.desktop;
          const statement = { decision: 'approve', number, challengeId: id, service: 'VPN', person, device, iat } as const;
          return () => decideChallenge(backend.domain, DESK, current, { challengeId: id, statement });
        },
      ],
      [
        'a key at a desktop',
        async (_browser, who) => {
          const { id } = await asked(who);
          const asker = { kind: 'device', ...(await deviceOf(who)) } as const;
          const { ceremony, options } = await beginChallengeAnswer(backend.domain, DESK, asker, id);
          const credential = who.house.key.assert(options, backend.origin);
          return () => finishChallengeAnswer(backend.domain, DESK, asker, { challengeId: id, ceremonyId: ceremony.id, credential });
        },
      ],
    ])('%s opens nothing', async (_way, prepare) => {
      const who = await somebody();
      const enter = await prepare(await who.house.withPassword(), who);
      await backend.domain.store.transaction((tx) => tx.people.disable(who.house.person.id, backend.clock.now()));
      const before = await done(who);
      await expect(enter()).rejects.toMatchObject({ code: 'person.disabled' });
      expect(await done(who)).toEqual(before);
    });
  });
});
