/** How far off a code may be, where the administrator sets it: the last one that fits, and the first one that does not. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultPolicy } from '../../../src/backend/domain/policy.ts';
import type { CodeEnrollment } from '../../../src/contract/http/codes.ts';
import type { Session } from '../../../src/contract/http/shapes.ts';
import { Browser } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, giverOf, LONG, patientPolicy, step } from '../../support/codes.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const STEP = 30_000;
const policy = patientPolicy({ freshFor: LONG });

/** Steps and counters of a single code, then of two in a row. */
const SETTINGS = {
  'as they are': [1, 10, 20, 1_000],
  'as narrow as can be, with a resynchronization': [0, 0, 3, 5],
  'as wide as can be': [10, 100, 120, 10_000],
  'without a resynchronization': [2, 4, 2, 4],
} as const;

for (const [setting, [steps, counters, resyncSteps, resyncCounters]] of Object.entries(SETTINGS)) {
  onEachStore(`windows ${setting}`, (_dialect, environment) => {
    let backend: BackendHere;
    let people = 0;
    const now = (): number => backend.clock.now();

    beforeAll(async () => {
      const windows = {
        DOORSTEP_CODE_STEPS: String(steps),
        DOORSTEP_CODE_COUNTERS: String(counters),
        DOORSTEP_RESYNC_STEPS: String(resyncSteps),
        DOORSTEP_RESYNC_COUNTERS: String(resyncCounters),
      };
      // What nobody set is what is documented.
      const set = setting === 'as they are' ? {} : windows;
      backend = await startBackendHere({ environment: { ...(await environment()), ...set }, policy });
    });
    afterAll(() => backend.stop());

    const somebody = async (): Promise<Browser> => {
      people += 1;
      await backend.addPerson(`person${people}`, 'secret');
      const browser = new Browser(backend);
      await browser.password(`person${people}`, 'secret');
      await browser.enroll(new SoftwareKey());
      return browser;
    };
    const type = async (browser: Browser, typed: string): Promise<string | number> =>
      codeOf(await browser.call<Session>('codeStep', { body: { code: typed } }));
    /** A token whose clock is ahead by so many steps; everything that it could give was never used. */
    const clocked = async (ahead: number) => {
      const browser = await somebody();
      const giver = await enrollCodes(browser, now());
      backend.clock.advance((resyncSteps + 2 * steps + 5) * STEP);
      return async (): Promise<string | number> => {
        const answer = await type(browser, giver.at(step(giver, now()) + ahead));
        backend.clock.advance(STEP);
        return answer;
      };
    };
    /** A token that was pressed so often since it was last used. */
    const counted = async (skipped: number) => {
      const browser = await somebody();
      const giver = await enrollCodes(browser, now(), { kind: 'hotp' });
      let next = 1 + skipped;
      return async (): Promise<string | number> => {
        const answer = await type(browser, giver.at(next));
        next += 1;
        return answer;
      };
    };
    const giver = async (browser: Browser, kind: 'totp' | 'hotp'): Promise<Giver> =>
      giverOf((await browser.call<CodeEnrollment>('codeEnrollment', { body: { kind } })).body);
    const prove = async (browser: Browser, { id, at }: Giver, position: number): Promise<string | number> =>
      codeOf(await browser.call('finishCodeEnrollment', { params: { id }, body: { code: at(position), name: 'Mine' } }));

    it.each([1, -1])('take one code of a clock up to their edge (to the side of %d)', async (side) => {
      expect(await (await clocked(side * steps))()).toBe(200);
      expect(await (await clocked(side * (steps + 1)))()).toBe('code.wrong');
    });

    it.each([1, -1])('take two codes of a clock in a row up to theirs (to the side of %d)', async (side) => {
      const last = await clocked(side * resyncSteps);
      if (resyncSteps > steps) expect(await last()).toBe('code.wrong');
      expect(await last()).toBe(200);
      const beyond = await clocked(side * (resyncSteps + 1));
      for (let codes = 0; codes < 3; codes += 1) expect(await beyond()).toBe('code.wrong');
    });

    it('take one code of a counter up to their edge, and two in a row up to theirs', async () => {
      expect(await (await counted(counters))()).toBe(200);
      expect(await (await counted(counters + 1))()).toBe('code.wrong');
      const last = await counted(resyncCounters);
      if (resyncCounters > counters) expect(await last()).toBe('code.wrong');
      expect(await last()).toBe(200);
      const beyond = await counted(resyncCounters + 1);
      for (let codes = 0; codes < 3; codes += 1) expect(await beyond()).toBe('code.wrong');
    });

    it('are as wide as that for the code that proves a new source, which needs no second one', async () => {
      const browser = await somebody();
      const early = await giver(browser, 'totp');
      expect(await prove(browser, early, step(early, now()) - resyncSteps - 1)).toBe('code.wrong');
      expect(await prove(browser, early, step(early, now()) - resyncSteps)).toBe(201);
      const far = await giver(browser, 'totp');
      // Two in a row prove no more than one: nothing is remembered of a source that is not proved.
      for (const next of [1, 2]) expect(await prove(browser, far, step(far, now()) + resyncSteps + next)).toBe('code.wrong');
      expect(await prove(browser, far, step(far, now()) + resyncSteps)).toBe(201);
      // Its clock is known from now on.
      backend.clock.advance(STEP);
      expect(await type(browser, far.at(step(far, now()) + resyncSteps))).toBe(200);
      const one = await giver(browser, 'hotp');
      expect(await prove(browser, one, counters + 1)).toBe('code.wrong');
      expect(await prove(browser, one, counters + 2)).toBe('code.wrong');
      expect(await prove(browser, one, counters)).toBe(201);
      expect(await type(browser, one.at(counters))).toBe('code.wrong');
      expect(await type(browser, one.at(counters + 1))).toBe(200);
    });

    it('end where a clock is as far off as any may be, however wide they are', async () => {
      const { longestDrift } = defaultPolicy.codes.windows;
      const browser = await somebody();
      const drifting = await enrollCodes(browser, now());
      const at = (ahead: number): string => drifting.at(step(drifting, now()) + ahead);
      const next = (ahead: number): Promise<string | number> => {
        backend.clock.advance(STEP);
        return type(browser, at(ahead));
      };
      let ahead = 0;
      while (ahead < longestDrift) {
        const jump = Math.min(resyncSteps, longestDrift - ahead);
        ahead += jump;
        if (jump > steps) expect(await next(ahead)).toBe('code.wrong');
        expect(await next(ahead), String(ahead)).toBe(200);
      }
      // Neither one code nor two in a row go beyond that.
      for (let codes = 0; codes < 2; codes += 1) expect(await next(ahead + 1)).toBe('code.wrong');
      expect(await next(ahead)).toBe(200);
    }, 60_000);
  });
}
