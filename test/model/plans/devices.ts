/** Desktops greet, and the browser removes them and whatever else there is. */
import { removeAuthenticator } from '../../../src/backend/domain/authenticators/remove.ts';
import { greetDevice } from '../../../src/backend/domain/devices/greet-device.ts';
import type { Act } from '../acts.ts';
import { BROWSER, DESK, type Plan, pick } from '../plan.ts';
import type { Scene } from '../scene.ts';
import { demand } from '../violation.ts';

export function greet(scene: Scene, act: Act & { act: 'greet' }): Plan | null {
  const desktop = pick(scene.person.desktops, act.desktop);
  const holder = desktop === null ? null : pick(desktop.holders, act.holder);
  if (desktop === null || holder === null) return null;
  const admissible = scene.admissible(desktop, holder);
  const signed = scene.signed(holder);
  return {
    run: async () => greetDevice(scene.world.domain, DESK, await scene.device(desktop, signed)),
    settle: (outcome, alone) => {
      scene.settleAdmission(desktop, holder, outcome, alone);
      if (!outcome.ok) {
        if (alone) demand(!admissible, `a desktop could not connect: ${outcome.code}`);
        return;
      }
      demand(admissible || !alone, 'a desktop connected that could not');
      const { generation } = outcome.value as { generation: string };
      // Of several at once it is read from the store what was given.
      if (alone) desktop.given.add(generation);
      // Else it ended before it had written it down.
      if (act.keeps) holder.generation = generation;
    },
  };
}

export function remove(scene: Scene, act: Act & { act: 'remove' }): Plan | null {
  const { desktops, sources } = scene.person;
  const { sheet } = scene;
  const target = { desktop: pick(desktops, act.index), source: pick(sources, act.index), sheet }[act.what];
  const id = target?.id ?? null;
  if (target === null || id === null) return null;
  return {
    movesSheet: act.what === 'sheet',
    run: async () => removeAuthenticator(scene.world.domain, BROWSER, await scene.keyAsker(), { id }),
    settle: (outcome, alone) => {
      if (!outcome.ok) {
        // The key's own session may be over.
        const promised = target.state !== 'removed' && !scene.person.disabled && outcome.code !== 'session.missing';
        if (alone) demand(!promised, `what is there could not be removed: ${outcome.code}`);
        return;
      }
      scene.invariants.spend('removal', id);
      scene.gone(target, 'removed');
    },
  };
}
