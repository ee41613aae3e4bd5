/** Of several acts at once the model does not know the order: what was not told to anybody is read from the store. */
import { currentSession } from '../../src/backend/domain/sessions/current-session.ts';
import type { Moment } from './acts.ts';
import { moveTo, type Scene } from './scene.ts';
import { demand } from './violation.ts';

export async function reconcile(scene: Scene, moment: Moment): Promise<void> {
  const { person } = scene;
  const { read } = scene.world.domain.store;
  const record = await read.people.byId(person.record.id);
  const stops = moment.some((act) => act.act === 'decide' && act.decision === 'not-me');
  if (stops && moment.some(({ act }) => act === 'resume')) person.stopped = (record?.approvalsStoppedAt ?? null) !== null;
  person.preferredAt = record?.preferredAt ?? 0;
  person.preferredBy = record?.preferredBy ?? null;
  await reconcileChallenges(scene);
  await reconcileChanges(scene);
  for (const one of scene.authenticators) {
    const stored = await read.authenticators.byId(one.id);
    demand(stored !== null, 'what was added is not there');
    // What was acknowledged as ended stays so: the verdict looks.
    if (stored.state !== 'pending' && (one.state === 'active' || stored.state === 'removed')) one.state = stored.state;
    one.name = stored.namedAt === null ? null : stored.name;
    one.namedAt = stored.namedAt ?? 0;
    one.namedBy = stored.namedBy;
  }
  for (const desktop of person.desktops) {
    const stored = await read.authenticators.byId(desktop.id);
    moveTo(desktop, stored?.generation ?? null);
    desktop.given = new Set((stored?.nextGenerations ?? '').split(' ').filter((one) => one !== ''));
  }
  await reconcileSheets(scene);
  for (const session of person.sessions) {
    if (session.state === 'gone' || scene.over(session)) continue;
    if ((await currentSession(scene.world.domain, session.token)) === null && !person.disabled) session.state = 'gone';
  }
}

async function reconcileChallenges({ person, world }: Scene): Promise<void> {
  for (const challenge of person.challenges) {
    const stored = await world.domain.store.read.challenges.byId(challenge.id);
    demand(stored !== null, 'a request that was made is not there');
    if (challenge.state === 'pending') {
      challenge.state = stored.state;
      challenge.tries = stored.numberTries;
      const shows = person.sessions.find(({ id }) => id === stored.sessionId) ?? null;
      if (shows !== challenge.session) challenge.unsure = true;
      challenge.session = shows;
      if (stored.numberHash === null) challenge.number = null;
    } else demand(stored.state === challenge.state, `a request that was ${challenge.state} is ${stored.state}`);
    if (stored.redeemedAt !== null) challenge.redeemed = true;
  }
}

/** The account may have been closed between a change and its answer. */
async function reconcileChanges(scene: Scene): Promise<void> {
  for (const { id, changesSent, changesAnswered } of scene.person.desktops) {
    for (const { key, authenticatorId, change } of changesSent) {
      const answer = changesAnswered.has(key) ? null : await scene.world.domain.store.read.deviceChanges.byKey(id, key);
      if (answer === null) continue;
      changesAnswered.set(key, answer);
      const target = scene.authenticators.find((one) => one.id === authenticatorId);
      if (target !== undefined && answer.outcome === 'done' && change.kind !== 'remove') target.changes += 1;
    }
  }
}

async function reconcileSheets(scene: Scene): Promise<void> {
  const { read } = scene.world.domain.store;
  const { sheets, record } = scene.person;
  const stored = (await read.authenticators.listOf(record.id)).find(({ kind }) => kind === 'recovery-codes');
  if (stored === undefined) {
    for (const one of sheets) one.state = 'removed';
    return;
  }
  const { sheet } = scene;
  demand(sheet !== null, 'a sheet is there that nobody made');
  // Made at this moment, and then the only one.
  if (sheet.state === 'active') sheet.id ??= stored.id;
  const failures = (await read.attempts.byKey(`spare-code:sheet:${stored.id}`))?.failures ?? 0;
  for (const one of sheets) {
    if (one.state === 'removed') continue;
    one.failures = failures;
    if (stored.state === 'suspended') one.state = 'suspended';
  }
}
