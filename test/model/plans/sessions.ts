/** Sessions, the account, and housekeeping. */
import { resumeApprovals } from '../../../src/backend/domain/approvals/not-me.ts';
import { clearAway, expireDue } from '../../../src/backend/domain/housekeeping.ts';
import { newSecret } from '../../../src/backend/domain/identifiers.ts';
import { signOut } from '../../../src/backend/domain/sessions/sign-out.ts';
import { sessionRecord } from '../../support/records.ts';
import type { Act } from '../acts.ts';
import { modelSession } from '../people.ts';
import { BROWSER, type Plan, pick } from '../plan.ts';
import type { Scene } from '../scene.ts';

export function signInWithPassword({ world, person, now }: Scene): Plan {
  const token = newSecret();
  const record = sessionRecord({ personId: person.record.id, token, at: now });
  return {
    run: () => world.domain.store.transaction((tx) => tx.sessions.insert(record)),
    settle: () => void person.sessions.push(modelSession(record.id, token, record.createdAt)),
  };
}

export function signOutOf(scene: Scene, act: Act & { act: 'sign-out' }): Plan | null {
  const session = pick(scene.person.sessions, act.session);
  if (session === null) return null;
  return {
    run: () => signOut(scene.world.domain, BROWSER, session.token),
    settle: (outcome, alone) => {
      if (!outcome.ok) return;
      if (alone && session.state !== 'gone') scene.letGoOf(session);
      session.state = 'gone';
    },
  };
}

export function resume(scene: Scene): Plan {
  return {
    run: async () => resumeApprovals(scene.world.domain, BROWSER, await scene.currentOf(scene.keyToken)),
    settle: (outcome) => {
      if (outcome.ok) scene.person.stopped = false;
    },
  };
}

export function closeAccount({ world, person, now }: Scene): Plan {
  return {
    run: () => world.domain.store.transaction((tx) => tx.people.disable(person.record.id, now)),
    settle: () => {
      person.disabled = true;
    },
  };
}

export function keepHouse({ world }: Scene): Plan {
  return { run: () => expireDue(world.domain).then(() => clearAway(world.domain)), settle: () => undefined };
}
