/** The end of a history: the store and the trail say what was acknowledged, each once. */
import { type AuditRow, auditHash, CHAIN_START } from '../../src/backend/domain/audit.ts';
import { hashSecret } from '../../src/backend/domain/identifiers.ts';
import type { ModelPerson } from './state.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

export interface Seen {
  readonly wrongNumbers: number;
  readonly wrongCodes: number;
  readonly notMe: number;
  readonly secondSteps: number;
}

const ENDINGS = {
  approved: 'challenge.approved',
  denied: 'challenge.denied',
  canceled: 'challenge.canceled',
  expired: 'challenge.expired',
} as const;

const heads = new WeakMap<World, string>();

/** Answers the number of the next row of the trail. */
export async function checkEnd(world: World, person: ModelPerson, seen: Seen, firstRow: number): Promise<number> {
  const { read } = world.domain.store;
  const rows = await rowsFrom(world, firstRow);
  let previous = heads.get(world) ?? CHAIN_START;
  rows.forEach((row, index) => {
    demand(row.sequence === firstRow + index, `the trail has no row ${firstRow + index}`);
    demand(row.previousHash === previous && row.hash === auditHash(row), `row ${row.sequence} of the trail is not bound to the one before`);
    previous = row.hash;
  });
  heads.set(world, previous);
  const count = (event: string, subjectId: string, outcome: AuditRow['outcome'] = 'done'): number =>
    rows.filter((row) => row.event === event && row.subjectId === subjectId && row.outcome === outcome).length;

  for (const challenge of person.challenges) {
    const stored = await read.challenges.byId(challenge.id);
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
  const own = rows.filter((row) => row.personId === person.record.id);
  const wrong = own.filter((row) => row.event === 'challenge.refused' && row.reason === 'approval.number-wrong').length;
  demand(wrong === seen.wrongNumbers, `${seen.wrongNumbers} wrong numbers left ${wrong} records`);
  const wrongCodes = own.filter((row) => row.outcome === 'refused' && row.reason === 'code.wrong').length;
  demand(wrongCodes === seen.wrongCodes, `${seen.wrongCodes} wrong codes left ${wrongCodes} records`);
  for (const { id, state } of person.sources) {
    demand(
      count('authenticator.suspended', id) === (state === 'suspended' ? 1 : 0),
      'a source of codes that was stopped was not recorded once',
    );
  }
  const stops = own.filter((row) => row.event === 'approval.stopped').length;
  demand(stops === seen.notMe, `"this wasn't me", said ${seen.notMe} times, left ${stops} records`);
  const steps = own.filter((row) => row.event === 'session.second-step' && row.outcome === 'done').length;
  demand(steps === seen.secondSteps, `${seen.secondSteps} second steps left ${steps} records`);

  for (const session of person.sessions) {
    const stored = await read.sessions.byTokenHash(hashSecret(session.token));
    if (session.state === 'gone') demand(stored === null, 'a session that was ended is there');
    // Housekeeping takes away those whose time is over.
    else if (stored !== null) demand(stored.state === session.state, `a session is ${stored.state} that was ${session.state}`);
  }
  for (const desktop of person.desktops) {
    const stored = await read.authenticators.byId(desktop.id);
    demand(stored?.state === desktop.state, `a desktop is ${stored?.state} that was ${desktop.state}`);
    demand(stored.generation === desktop.current, 'a desktop shows another generation than it last did');
    demand(
      count('device.copied', desktop.id) === (desktop.state === 'suspended' ? 1 : 0) || desktop.state === 'removed',
      'a copied key was not recorded once',
    );
  }
  return firstRow + rows.length;
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
