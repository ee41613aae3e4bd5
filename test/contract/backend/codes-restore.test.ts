/** Codes at a backend that was restored from a backup (C15): what it cannot know, and what holds all the same. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SpareCodes } from '../../../src/contract/http/codes.ts';
import type { Challenge, Session } from '../../../src/contract/http/shapes.ts';
import { Browser, type Service } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, step } from '../../support/codes.ts';
import { backupOf, onEachStore } from '../../support/each-store.ts';
import { codeOf } from '../../support/household.ts';

const STEP = 30_000;
const MINUTE = 2 * STEP;

onEachStore('codes at a backend that was restored', (_dialect, environment) => {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-restore-'));
  let live: Record<string, string>;
  let backend: BackendHere;
  let service: Service;
  /** What the clock of the world says, whichever backend runs. */
  let world = Date.now();
  let [clocked, counted]: Giver[] = [];
  let spare: readonly string[] = [];
  let before: { typed: string; steps: number };

  const start = async (on: Record<string, string>): Promise<void> => {
    backend = await startBackendHere({ environment: on });
    backend.clock.advance(world - backend.clock.now());
  };
  const pass = (milliseconds: number): void => {
    world += milliseconds;
    backend.clock.advance(milliseconds);
  };
  const atPassword = async (): Promise<Browser> => {
    const browser = new Browser(backend);
    expect(codeOf(await browser.password('amina', 'secret'))).toBe(200);
    return browser;
  };
  const signIn = async (typed: string, how: 'codeStep' | 'spareCodeStep' = 'codeStep'): Promise<string | number> =>
    codeOf(await (await atPassword()).call<Session>(how, { body: { code: typed } }));
  const serviceTakes = async (typed: string): Promise<string | number> => {
    const { id } = (await service.call<Challenge>('createChallenge', { body: { username: 'amina' } })).body;
    const answer = codeOf(await service.call('challengeCode', { params: { id }, body: { code: typed } }));
    if (answer !== 200) await service.call('cancelChallenge', { params: { id } });
    return answer;
  };
  const clock = (ahead = 0): string => clocked?.at(step(clocked, world) + ahead) ?? '';
  const counter = (position: number): string => counted?.at(position) ?? '';

  beforeAll(async () => {
    live = { ...(await environment()), DOORSTEP_BACKEND_DATA: folder, DOORSTEP_ORIGIN: 'http://localhost:8443' };
    await start(live);
    await backend.addPerson('amina', 'secret');
    const browser = await atPassword();
    clocked = await enrollCodes(browser, world);
    counted = await enrollCodes(browser, world, { kind: 'hotp' });
    spare = (await browser.call<SpareCodes>('spareCodes')).body.codes;
    pass(MINUTE);
    before = { typed: clock(), steps: step(clocked, world) };
    expect(await signIn(before.typed)).toBe(200);
    expect(await signIn(counter(5))).toBe(200);
    expect(await signIn(spare[0] ?? '', 'spareCodeStep')).toBe(200);
    await backend.stop();
    const backup = await backupOf(live);
    await start(live);
    pass(MINUTE);
    expect(await signIn(clock())).toBe(200);
    expect(await signIn(counter(7))).toBe(200);
    await backend.stop();
    live = backup;
    await start(live);
    service = await backend.addService('VPN');
  }, 60_000);
  afterAll(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('that were accepted before the backup stay burned, and all before them', async () => {
    for (const typed of [before.typed, clocked?.at(before.steps - 1) ?? '', counter(5), counter(0)]) {
      expect(await signIn(typed)).toBe('code.wrong');
      pass(3 * MINUTE);
      expect(await serviceTakes(typed)).toBe('code.wrong');
    }
    expect(await signIn(spare[0] ?? '', 'spareCodeStep')).toBe('spare-code.wrong');
  });

  it('of a clock that were accepted since are too old, once their steps are past', async () => {
    const used = clock();
    // As if it had been accepted since the backup, which knows nothing of it.
    pass(2 * STEP);
    expect(await signIn(used)).toBe('code.wrong');
    expect(await serviceTakes(used)).toBe('code.wrong');
    pass(3 * MINUTE);
    expect(await signIn(clock())).toBe(200);
  });

  it('of a counter that were accepted since are burned with the next one that the token gives', async () => {
    pass(3 * MINUTE);
    expect(await signIn(counter(8))).toBe(200);
    for (const position of [6, 7, 8]) {
      pass(3 * MINUTE);
      expect(await signIn(counter(position))).toBe('code.wrong');
      expect(await serviceTakes(counter(position))).toBe('code.wrong');
    }
    pass(3 * MINUTE);
    expect(await signIn(counter(9))).toBe(200);
  });
});
