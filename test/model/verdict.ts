/** The end of a history: the store and the trail say what was acknowledged, each once. */
import { type AuditRow, auditHash, CHAIN_START } from '../../src/backend/domain/audit.ts';
import { hashSessionToken } from '../../src/backend/domain/sessions/token.ts';
import type { Scene } from './scene.ts';
import type { ModelSheet } from './state.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

const ENDINGS = {
  approved: 'challenge.approved',
  denied: 'challenge.denied',
  canceled: 'challenge.canceled',
  expired: 'challenge.expired',
} as const;

const heads = new WeakMap<World, string>();

/** How many rows there are of an event. */
type Count = (event: string, subjectId: string, outcome?: AuditRow['outcome']) => number;

/** Answers the number of the next row of the trail. */
export async function checkEnd(scene: Scene, firstRow: number): Promise<number> {
  const { world, person, seen } = scene;
  const rows = await rowsFrom(world, firstRow);
  checkChain(world, rows, firstRow);
  const count: Count = (event, subjectId, outcome = 'done') =>
    rows.filter((row) => row.event === event && row.subjectId === subjectId && row.outcome === outcome).length;
  await checkChallenges(scene, count);
  await checkSessions(scene);
  await checkAuthenticators(scene, count);
  await checkSheets(scene, count);

  const own = rows.filter((row) => row.personId === person.record.id);
  const refused = (reason: string): number => own.filter((row) => row.outcome === 'refused' && row.reason === reason).length;
  const done = (event: string): number => own.filter((row) => row.outcome === 'done' && row.event === event).length;
  for (const [what, said, left] of [
    ['wrong numbers', seen.wrongNumbers, refused('approval.number-wrong')],
    ['wrong codes', seen.wrongCodes, refused('code.wrong')],
    ['wrong spare codes', seen.wrongSpareCodes, refused('spare-code.wrong')],
    ['second steps', seen.secondSteps, done('session.second-step')],
    ['sheets', person.sheets.length, done('spare-codes.made')],
    ['enrollments', person.enrollments.length, done('code.enrollment-begun')],
    ['proofs', person.enrollments.filter(({ state }) => state === 'proved').length, done('authenticator.added')],
    ['"this wasn\'t me"', seen.notMe, own.filter((row) => row.event === 'approval.stopped').length],
  ] as const) {
    demand(left === said, `${said} ${what} left ${left} records`);
  }
  return firstRow + rows.length;
}

function checkChain(world: World, rows: readonly AuditRow[], firstRow: number): void {
  let previous = heads.get(world) ?? CHAIN_START;
  rows.forEach((row, index) => {
    demand(row.sequence === firstRow + index, `the trail has no row ${firstRow + index}`);
    demand(row.previousHash === previous && row.hash === auditHash(row), `row ${row.sequence} of the trail is not bound to the one before`);
    previous = row.hash;
  });
  heads.set(world, previous);
}

async function checkChallenges({ world, person }: Scene, count: Count): Promise<void> {
  for (const challenge of person.challenges) {
    const stored = await world.domain.store.read.challenges.byId(challenge.id);
    demand(stored !== null, 'a request that was made is not there');
    const overdue = challenge.state === 'pending' && challenge.expiresAt <= world.clock.now();
    const agreed = stored.state === challenge.state || (overdue && stored.state === 'expired');
    demand(agreed, `a request is ${stored.state} that was ${challenge.state}`);
    demand(count('challenge.created', challenge.id) === 1, 'a request was not recorded once');
    for (const [state, event] of Object.entries(ENDINGS)) {
      demand(
        count(event, challenge.id) === (stored.state === state ? 1 : 0),
        `a request that is ${stored.state} has ${count(event, challenge.id)} records ${event}`,
      );
    }
  }
}

async function checkSessions({ world, person, invariants }: Scene): Promise<void> {
  for (const session of person.sessions) {
    const stored = await world.domain.store.read.sessions.byTokenHash(hashSessionToken(session.token));
    if (session.state === 'gone') demand(stored === null, 'I4: a session that was ended is there');
    // Housekeeping takes away those whose time is over.
    else if (stored !== null) demand(stored.state === session.state, `a session is ${stored.state} that was ${session.state}`);
    if (stored?.state === 'full') invariants.isFull(session.id);
  }
}

async function checkAuthenticators({ world, person, authenticators }: Scene, count: Count): Promise<void> {
  const { read } = world.domain.store;
  for (const one of authenticators) {
    const stored = await read.authenticators.byId(one.id);
    demand(stored?.state === one.state, `an authenticator is ${stored?.state} that was ${one.state}`);
    demand(one.name === null || stored.name === one.name, 'a name is not the one that was given last');
    demand(
      count('authenticator.changed', one.id) === one.changes,
      `${one.changes} changes left ${count('authenticator.changed', one.id)} records`,
    );
    demand(count('authenticator.removed', one.id) === (one.state === 'removed' ? 1 : 0), 'a removal was not recorded once');
  }
  for (const { id, state } of person.sources) {
    const stops = count('authenticator.suspended', id);
    // One that was stopped can still be removed.
    demand(state === 'removed' ? stops <= 1 : stops === (state === 'suspended' ? 1 : 0), 'a source that was stopped was not recorded once');
  }
  for (const { id, state, current } of person.desktops) {
    demand((await read.authenticators.byId(id))?.generation === current, 'a desktop shows another generation than it last did');
    const copies = count('device.copied', id);
    demand(copies === (state === 'suspended' ? 1 : 0) || state === 'removed', 'a copied key was not recorded once');
  }
}

async function checkSheets({ world, person, seen }: Scene, count: Count): Promise<void> {
  const size = (which: 'used' | 'maybeUsed') => person.sheets.reduce((sum, sheet) => sum + sheet[which].size, 0);
  let uses = 0;
  for (const sheet of person.sheets) uses += await checkSheet(world, sheet, count);
  if (person.sheets.some(({ id }) => id === null)) return;
  demand(uses >= seen.spareCodes && uses <= seen.spareCodes + size('maybeUsed'), `${seen.spareCodes} spare codes left ${uses} records`);
}

/** Answers how often it was used. */
async function checkSheet({ domain }: World, { id, state, codes }: ModelSheet, count: Count): Promise<number> {
  if (id === null) return 0;
  const stored = await domain.store.read.authenticators.byId(id);
  const uses = count('spare-code.used', id);
  demand(stored?.state === state, `a sheet is ${stored?.state} that was ${state}`);
  demand(stored.spareCodesLeft === codes.length - uses, `${uses} codes of a sheet were used, and ${stored.spareCodesLeft} are left`);
  return uses;
}

/** Leaves the rows of a broken history behind; answers the number of the next row. */
export async function skipTo(world: World, firstRow: number): Promise<number> {
  const rows = await rowsFrom(world, firstRow);
  const last = rows.at(-1);
  if (last !== undefined) heads.set(world, last.hash);
  return firstRow + rows.length;
}

async function rowsFrom({ domain }: World, first: number): Promise<AuditRow[]> {
  const rows: AuditRow[] = [];
  for (;;) {
    const more = await domain.store.read.audit.list(first + rows.length, 1_000);
    rows.push(...more);
    if (more.length < 1_000) return rows;
  }
}
