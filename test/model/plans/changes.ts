/** Changes that were made at a desktop, perhaps offline and long ago: each is done once, the later one stands, a removal wins. */
import { applyDeviceChanges } from '../../../src/backend/domain/devices/device-changes.ts';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import type { ChangeResult, ChangeResults, DeviceChange } from '../../../src/contract/http/sync.ts';
import type { Act } from '../acts.ts';
import { DESK, type Plan, pick, pickLast } from '../plan.ts';
import type { Scene } from '../scene.ts';
import type { ModelAuthenticator, ModelDesktop } from '../state.ts';
import { demand } from '../violation.ts';

type Became = Pick<ChangeResult, 'outcome' | 'code'>;

const DONE: Became = { outcome: 'done', code: null };
const GONE: Became = { outcome: 'gone', code: null };
const SUPERSEDED: Became = { outcome: 'superseded', code: null };

export function sendChanges(scene: Scene, act: Act & { act: 'send-changes' }): Plan | null {
  const desktop = pick(scene.person.desktops, act.desktop);
  const holder = desktop === null ? null : pick(desktop.holders, act.holder);
  if (desktop === null || holder === null) return null;
  const changes = act.changes.map((one) => (one.again === null ? null : pickLast(desktop.changesSent, one.again)) ?? newChange(scene, one));
  desktop.changesSent.push(...changes.filter((one) => !desktop.changesSent.includes(one)));
  const admissible = scene.admissible(desktop, holder);
  const signed = scene.signed(holder);
  return {
    run: async () => applyDeviceChanges(scene.world.domain, DESK, await scene.device(desktop, signed), changes),
    settle: (outcome, alone) => {
      scene.settleAdmission(desktop, holder, outcome, alone);
      if (!outcome.ok) {
        if (alone) demand(!admissible, `a desktop could not send its changes: ${outcome.code}`);
        return;
      }
      demand(admissible || !alone, 'a desktop sent changes that could not');
      const { results } = outcome.value as ChangeResults;
      demand(results.length === changes.length, 'not every change was answered');
      for (const [index, change] of changes.entries()) settleOne(scene, desktop, change, results[index] as ChangeResult, alone);
    },
  };
}

function newChange(scene: Scene, { target, what, age }: (Act & { act: 'send-changes' })['changes'][number]): DeviceChange {
  const { id } = pick(scene.authenticators, target) ?? scene.person.key;
  // The key is the way that is always there: it is not removed.
  const kind = what === 'remove' && id === scene.person.key.id ? 'prefer' : what;
  const change = kind === 'rename' ? { kind, name: `Name ${newId()}` } : { kind };
  return { key: newId(), madeAt: new Date(scene.now - age).toISOString(), authenticatorId: id, change };
}

function settleOne(scene: Scene, desktop: ModelDesktop, change: DeviceChange, result: ChangeResult, alone: boolean): void {
  const before = desktop.changesAnswered.get(change.key);
  demand(result.key === change.key, 'a change was answered as another one');
  if (before !== undefined) {
    demand(before.outcome === result.outcome && before.code === result.code, `a change that was ${before.outcome} was ${result.outcome}`);
    return;
  }
  desktop.changesAnswered.set(change.key, result);
  const target = scene.authenticators.find(({ id }) => id === change.authenticatorId) ?? scene.person.key;
  if (alone) {
    const due = whatBecomesOf(scene, desktop, target, change);
    demand(due.outcome === result.outcome && due.code === result.code, `a change was ${result.outcome} that is ${due.outcome}`);
  }
  if (result.outcome !== 'done') return;
  scene.invariants.works('entry', target.id);
  if (change.change.kind === 'remove') {
    scene.invariants.spend('removal', target.id);
    scene.gone(target, 'removed');
    return;
  }
  target.changes += 1;
  // Of several at once it is read from the store which one stands.
  const at = Math.min(Date.parse(change.madeAt), scene.now);
  if (!alone) return;
  if (change.change.kind === 'rename') {
    target.name = change.change.name;
    target.namedAt = Math.max(at, target.namedBy === desktop.id ? target.namedAt : 0);
    target.namedBy = desktop.id;
  } else {
    scene.person.preferredAt = Math.max(at, scene.person.preferredBy === desktop.id ? scene.person.preferredAt : 0);
    scene.person.preferredBy = desktop.id;
  }
}

function whatBecomesOf(
  { person, now }: Scene,
  { id: by }: ModelDesktop,
  target: ModelAuthenticator,
  { madeAt, change }: DeviceChange,
): Became {
  if (target.state === 'removed') return GONE;
  const at = Math.min(Date.parse(madeAt), now);
  if (change.kind === 'remove') return DONE;
  if (change.kind === 'rename') return at < target.namedAt && target.namedBy !== by ? SUPERSEDED : DONE;
  const stopped = person.stopped && person.desktops.some(({ id }) => id === target.id);
  if (target.state === 'suspended' || stopped) return { outcome: 'refused', code: 'authenticator.suspended' };
  return at < person.preferredAt && person.preferredBy !== by ? SUPERSEDED : DONE;
}
