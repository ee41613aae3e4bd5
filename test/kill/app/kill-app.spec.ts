/**
 * The real app in real Electron with a real keyring, killed (SIGKILL) again and again at random moments at which all four are
 * under way: it enrolls a code, uses up a code of a counter, approves a sign-in, and makes and sends changes. After each start
 * nothing that it said is lost, and nothing has happened twice. DOORSTEP_APP_KILLS kills, 4 in `npm test`, 300 in
 * `npm run test:kill`.
 */
import { expect, test } from '@playwright/test';
import type { ApprovalRequest, ApprovalStatus } from '../../../src/contract/http/approvals.ts';
import type { Authenticator } from '../../../src/contract/http/shapes.ts';
import { encodeBase32 } from '../../../src/oath/base32.ts';
import { hotp } from '../../../src/oath/hotp.ts';
import { Browser } from '../../support/backend.ts';
import { type DemoBackend, startDemoBackend } from '../../support/desktop/demo-backend.ts';
import { type DoorstepApp, launchDoorstep } from '../../support/desktop/doorstep.ts';
import { keyringEntries } from '../../support/desktop/keyring-entries.ts';
import { type DesktopSession, startDesktopSession } from '../../support/desktop/session.ts';
import { ask, Refused, tryTo } from './ask.ts';

const KILLS = Number(process.env['DOORSTEP_APP_KILLS'] ?? 4);
/** The kill comes this long after the four things have begun, at most. */
const LONGEST_LIFE = Number(process.env['DOORSTEP_APP_LIFE'] ?? 2_000);
/** Where one of the four is not under way at that moment, another moment is tried, at most so many milliseconds later. */
const LONGEST_DELAY = 40;
const MOST_DELAYS = 1_000;
/** More codes of its own than this are not kept: the oldest is removed, which is a change too. */
const MOST_OWN = 4;
/** What the app should have told by then, looked at so often: a launch is a second, and there are many of them. */
const OFTEN = { timeout: 30_000, intervals: [20] };
const SEED = Buffer.from('12345678901234567890');
const FORM = { algorithm: 'SHA1', digits: 6 } as const;

let session: DesktopSession;
let backend: DemoBackend;
let browser: Browser;
let doorstep: DoorstepApp;
let counterId = '';
let deviceId = '';

/** What the app has said, and what it had not said yet when it was killed. */
const told = {
  /** Positions of the counter whose codes were shown, in the order in which they were. */
  counters: [] as number[],
  /** Authenticator ids of its own codes. */
  enrolled: new Set<string>(),
  enrolling: false,
  removed: new Set<string>(),
  /** The number in the last name that was acknowledged, and in the last one that was asked for. */
  named: 0,
  naming: 0,
  approval: null as ApprovalRequest | null,
  approved: false,
};
/** Which of the four the app is in the middle of, and at how many kills it was. */
const underWay = { enrollment: false, codes: false, approval: false, sync: false };
const killedIn = { enrollment: 0, codes: 0, approval: 0, sync: 0 };
type ActName = keyof typeof underWay;
const ACTS = Object.keys(underWay) as readonly ActName[];
const sums = { counters: 0, enrolled: 0, renamed: 0, approved: 0 };

test.beforeAll(async () => {
  [session, backend] = await Promise.all([startDesktopSession(), startDemoBackend()]);
  await session.unlockKeyring();
  browser = new Browser({ base: backend.origin, origin: backend.origin });
  doorstep = await launchDoorstep({ env: { ...session.env, DOORSTEP_PAIRING_CODE: backend.demo.pairingCode }, server: backend.origin });
  await expect.poll(async () => (await doorstep.state()).connection).toBe('online');
  const { pairing } = await doorstep.state();
  deviceId = pairing.state === 'paired' ? pairing.deviceId : '';
  // It has the machine's name at first: from here on a number, also where it is killed before it was told the next one.
  await ask(doorstep, 'authenticator.rename', { id: deviceId, name: `Computer ${told.named}` });
  const link = `otpauth://hotp/Site:amina?secret=${encodeBase32(SEED)}&issuer=Site&counter=0`;
  const draft = await ask(doorstep, 'code.read', { source: { from: 'text', text: link } });
  const kept = await ask(doorstep, 'code.keep', { draftId: draft?.draftId ?? '', indexes: [0] });
  counterId = kept.ids[0] ?? '';
  const amina = backend.demo.people.find(({ username }) => username === 'amina.yusuf');
  expect((await browser.password('amina.yusuf', amina?.password ?? '')).status).toBe(200);
});
test.afterAll(async () => {
  await doorstep.quit();
  doorstep.remove();
  await backend.stop();
  await session.stop();
});

async function begin(): Promise<ApprovalRequest> {
  const begun = await browser.call<ApprovalRequest>('beginApproval', { body: {} });
  expect(begun.status, JSON.stringify(begun.body)).toBe(201);
  return begun.body;
}

const finish = ({ id }: ApprovalRequest) => browser.call('finishApproval', { params: { id } });

async function approveAtApp(request: ApprovalRequest): Promise<void> {
  await expect.poll(async () => (await doorstep.state()).challenges.some(({ id }) => id === request.id), OFTEN).toBe(true);
  await ask(doorstep, 'approval.approve', { id: request.id, number: request.number });
}

/** From here to its answer an act is under way; where the app is killed, it stays so until the next work begins. */
async function during<T>(act: ActName, work: () => Promise<T>): Promise<T> {
  underWay[act] = true;
  const answer = await work();
  underWay[act] = false;
  return answer;
}

const own = (): readonly string[] => [...told.enrolled].filter((id) => !told.removed.has(id));

/** The four, each again and again until the app is gone. */
function work(): Promise<readonly PromiseSettledResult<void>[]> {
  for (const act of ACTS) underWay[act] = false;
  const untilGone = async (one: () => Promise<void>): Promise<void> => {
    for (;;) await one();
  };
  return Promise.allSettled([untilGone(useCounter), untilGone(enroll), untilGone(rename), untilGone(approve)]);
}

async function useCounter(): Promise<void> {
  const { code } = await during('codes', () => ask(doorstep, 'code.next', { id: counterId }));
  const from = (told.counters.at(-1) ?? -1) + 1;
  const position = Array.from({ length: 50 }, (_, ahead) => from + ahead).find((one) => hotp(SEED, one, FORM) === code);
  if (position === undefined) throw new Repeated(`the code ${code} is none of the counters from ${from} on`);
  told.counters.push(position);
  sums.counters += 1;
}

async function enroll(): Promise<void> {
  for (const oldest of own().slice(0, -(MOST_OWN - 1))) {
    await ask(doorstep, 'authenticator.remove', { id: oldest });
    told.removed.add(oldest);
  }
  told.enrolling = true;
  const { id } = await during('enrollment', () => ask(doorstep, 'code.enroll-own', { name: 'This computer' }));
  const authenticatorId = (await doorstep.state()).codes.find((one) => one.id === id)?.authenticatorId ?? null;
  if (authenticatorId !== null) told.enrolled.add(authenticatorId);
  told.enrolling = false;
  sums.enrolled += 1;
}

async function rename(): Promise<void> {
  told.naming += 1;
  await during('sync', () => ask(doorstep, 'authenticator.rename', { id: deviceId, name: `Computer ${told.naming}` }));
  told.named = told.naming;
  sums.renamed += 1;
}

async function approve(): Promise<void> {
  told.approved = false;
  told.approval = null;
  const request = await begin();
  told.approval = request;
  await during('approval', () => approveAtApp(request));
  told.approved = true;
  expect((await finish(request)).status).toBe(200);
  told.approval = null;
  sums.approved += 1;
}

/** A kill at a random moment, among those at which all four are under way. */
async function killInTheMiddle(working: Promise<readonly PromiseSettledResult<void>[]>): Promise<void> {
  await sleep(Math.random() * LONGEST_LIFE);
  for (let delays = 0; !ACTS.every((act) => underWay[act]); delays += 1) {
    if (delays === MOST_DELAYS) throw new Error(`the four were never under way at once: ${JSON.stringify(underWay)}`);
    await sleep(Math.random() * LONGEST_DELAY);
  }
  const killed = doorstep.kill();
  for (const act of ACTS) killedIn[act] += underWay[act] ? 1 : 0;
  await killed;
  for (const end of await working) {
    if (end.status === 'rejected' && (end.reason instanceof Repeated || end.reason instanceof Refused)) throw end.reason;
  }
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class Repeated extends Error {}

async function check(): Promise<void> {
  // Whatever it was doing with its key and the backend: it is let in, and nobody takes it for a copy.
  await expect.poll(async () => (await doorstep.state()).connection, OFTEN).toBe('online');
  await expect.poll(async () => (await doorstep.state()).waitingChanges, OFTEN).toBe(0);
  await checkApproval();
  await checkNames();
  await checkOwnCodes();
  const { codes } = await doorstep.state();
  expect(codes.find(({ id }) => id === counterId)?.state).toBe('ready');
}

async function checkApproval(): Promise<void> {
  const request = told.approval;
  if (request === null) return;
  const { body } = await browser.call<ApprovalStatus>('approval', { params: { id: request.id } });
  if (body.state === 'pending') {
    expect(told.approved, 'an approval that was made is lost').toBe(false);
    await approveAtApp(request);
  } else expect(body.state).toBe('approved');
  // The app may have redeemed nothing: it is the browser's to do, once.
  const first = await finish(request);
  const code = (first.body as { code?: string }).code;
  expect([200, 409, 410].includes(first.status) && (first.status === 200 || code === 'challenge.ended'), `${first.status} ${code}`).toBe(
    true,
  );
  expect(((await finish(request)).body as { code: string }).code).toBe('challenge.ended');
  expect(await tryTo(doorstep, 'approval.approve', { id: request.id, number: request.number })).not.toBe('ok');
  told.approval = null;
}

async function listed(): Promise<readonly Authenticator[]> {
  const answer = await browser.call<{ authenticators: Authenticator[] }>('authenticators');
  // A browser that has shown the password alone may not see the list: the next approval lets it in.
  if (answer.status !== 200) {
    const request = await begin();
    await approveAtApp(request);
    expect((await finish(request)).status).toBe(200);
    return listed();
  }
  return answer.body.authenticators;
}

async function checkNames(): Promise<void> {
  if (told.naming === 0) return;
  const name = (await listed()).find(({ id }) => id === deviceId)?.name;
  // The last one may have been on the disk already when the app was killed, or not: then nobody was told that it is made.
  expect([`Computer ${told.named}`, `Computer ${told.naming}`]).toContain(name);
  told.named = Number(name?.replace('Computer ', ''));
}

async function checkOwnCodes(): Promise<void> {
  const active = (await listed()).filter(({ kind, state }) => kind === 'totp' && state === 'active').map(({ id }) => id);
  const wanted = own();
  for (const id of wanted) expect(active, 'a code that was enrolled is lost at the backend').toContain(id);
  const extra = active.filter((id) => !wanted.includes(id));
  expect(extra.length, 'more codes are active than were enrolled').toBeLessThanOrEqual(told.enrolling ? 1 : 0);
  // Each way that the backend counts on has its seed here; what was not proved is not kept.
  await expect
    .poll(
      async () =>
        (await doorstep.state()).codes.flatMap(({ authenticatorId }) => (authenticatorId === null ? [] : [authenticatorId])).sort(),
      OFTEN,
    )
    .toEqual([...active].sort());
  const shown = (await doorstep.state()).codes.filter(({ authenticatorId }) => authenticatorId !== null);
  for (const { state } of shown) expect(state).toBe('ready');
  for (const id of extra) told.enrolled.add(id);
  told.enrolling = false;
}

test(`killed ${KILLS} times in the middle of codes, approvals and changes: nothing is lost, nothing happens twice`, async () => {
  test.setTimeout(120_000 + KILLS * 60_000);
  const begun = Date.now();
  const starts: number[] = [];
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await killInTheMiddle(work());
    const started = Date.now();
    doorstep = await launchDoorstep({ env: session.env, server: backend.origin, data: doorstep.data });
    try {
      await doorstep.state();
      starts.push(Date.now() - started);
      await check();
    } catch (error) {
      console.log(`kill ${kill}\n${doorstep.log()}\n${JSON.stringify(await doorstep.state(), null, 1)}`);
      throw error;
    }
    if (kill % 10 === 0) console.log(`${kill} kills in ${((Date.now() - begun) / 1_000).toFixed(0)} s`);
  }
  // A keychain entry a seed, and no more, once what was begun and not proved has been ended at the backend.
  const { codes } = await doorstep.state();
  const seeds = async () => (await keyringEntries(session.env)).filter(({ account }) => account.includes('/seed/')).length;
  await expect.poll(seeds, OFTEN).toBe(codes.length);
  const order = [...told.counters].sort((a, b) => a - b);
  expect(told.counters).toEqual(order);
  expect(new Set(told.counters).size).toBe(told.counters.length);
  expect(killedIn).toEqual({ enrollment: KILLS, codes: KILLS, approval: KILLS, sync: KILLS });
  starts.sort((a, b) => a - b);
  console.log(`first answer after a kill: median ${starts[Math.floor(starts.length / 2)]} ms, longest ${starts.at(-1)} ms`);
  console.log(
    `killed ${KILLS} times in ${((Date.now() - begun) / 1_000).toFixed(0)} s, each time in the middle of all four; said before: ${sums.counters} codes of a counter, ${sums.enrolled} enrollments, ${sums.renamed} changes, ${sums.approved} approvals; none lost, none twice`,
  );
});
