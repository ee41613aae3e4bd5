/**
 * Runs a history on the real domain and compares each answer with the model. An answer may be one that the model forbids
 * (something happened twice, or after it was stopped), or lack one that it promises; at the end the store, and the trail,
 * must say what was acknowledged: no more and no less.
 */
import type { Outcome } from '../../src/contract/errors.ts';
import type { Act, Moment } from './acts.ts';
import { lookAfter } from './codes.ts';
import { castFor } from './people.ts';
import { attempt, type Plan, pick } from './plan.ts';
import { begin, cancel, decide, finish, replay } from './plans/approvals.ts';
import { sendChanges } from './plans/changes.ts';
import { typeCode } from './plans/codes.ts';
import { greet, remove } from './plans/devices.ts';
import { beginEnrollment, prove } from './plans/enrollments.ts';
import { serviceAsks, serviceCancels } from './plans/services.ts';
import { closeAccount, keepHouse, resume, signInWithPassword, signOutOf } from './plans/sessions.ts';
import { makeSheet, typeSpareCode } from './plans/spare-codes.ts';
import { reconcile } from './reconcile.ts';
import { Scene } from './scene.ts';
import { isOpen } from './state.ts';
import { checkEnd } from './verdict.ts';
import { demand } from './violation.ts';
import type { World } from './world.ts';

/** Answers the number of the next row of the trail. */
export async function runHistory(world: World, moments: readonly Moment[], firstRow: number): Promise<number> {
  const scene = new Scene(world, await castFor(world));
  for (const moment of moments) await live(scene, moment);
  return checkEnd(scene, firstRow);
}

async function live(scene: Scene, moment: Moment): Promise<void> {
  const { person } = scene;
  scene.newSheets = [];
  for (const act of moment) before(scene, act);
  const plans = moment.map((act) => planOf(scene, act)).filter((plan) => plan !== null);
  const outcomes = await Promise.all(plans.map((plan) => attempt(plan.run)));
  // It may have been used for a request that ended meanwhile.
  const happened = (outcome: Outcome<unknown> | undefined) => outcome?.ok === true || outcome?.code === 'challenge.ended';
  scene.sheetMoved = plans.some(({ movesSheet }, index) => movesSheet === true && happened(outcomes[index]));
  const alone = plans.length === 1;
  for (const [index, plan] of plans.entries()) plan.settle(outcomes[index] as Outcome<unknown>, alone);
  if (!alone) await reconcile(scene, moment);
  const typed = outcomes.filter((_, index) => plans[index]?.typesCode === true);
  if (typed.length > 0) {
    const wrong = typed.filter((outcome) => !outcome.ok && outcome.code === 'code.wrong').length;
    await lookAfter(scene, alone ? wrong : null);
  }
  demand(person.challenges.filter((one) => isOpen(one, scene.now)).length <= 1, 'two requests wait for one person');
  noteEnds(scene);
}

/** What happens to the world, and not at the backend. */
function before({ world, person }: Scene, act: Act): void {
  if (act.act === 'wait') world.clock.advance(act.milliseconds);
  if (act.act !== 'copy-key') return;
  const desktop = pick(person.desktops, act.desktop);
  const generation = desktop?.holders[0]?.generation ?? null;
  if (desktop !== null && desktop.holders.length < 3) desktop.holders.push({ generation });
}

function planOf(scene: Scene, act: Act): Plan | null {
  switch (act.act) {
    case 'service-asks':
      return serviceAsks(scene, act);
    case 'service-cancels':
      return serviceCancels(scene, act);
    case 'sign-in':
      return signInWithPassword(scene);
    case 'sign-out':
      return signOutOf(scene, act);
    case 'begin':
      return begin(scene, act);
    case 'cancel':
      return cancel(scene, act);
    case 'finish':
      return finish(scene, act);
    case 'decide':
      return decide(scene, act);
    case 'replay':
      return replay(scene, act);
    case 'type-code':
      return typeCode(scene, act);
    case 'make-sheet':
      return makeSheet(scene);
    case 'type-spare-code':
      return typeSpareCode(scene, act);
    case 'begin-enrollment':
      return beginEnrollment(scene, act);
    case 'prove':
      return prove(scene, act);
    case 'greet':
      return greet(scene, act);
    case 'send-changes':
      return sendChanges(scene, act);
    case 'remove':
      return remove(scene, act);
    case 'resume':
      return resume(scene);
    case 'close-account':
      return closeAccount(scene);
    case 'keep-house':
      return keepHouse(scene);
    case 'copy-key':
    case 'wait':
      return null;
  }
}

/** What has ended by now opens nothing at any later moment (I4). */
function noteEnds({ person, invariants, authenticators }: Scene): void {
  if (person.disabled) invariants.ended('person', person.record.id);
  for (const { id, state } of person.sessions) if (state === 'gone') invariants.ended('session', id);
  for (const { id, state } of person.enrollments) if (state === 'ended') invariants.ended('enrollment', id);
  for (const { id, state } of [...authenticators, ...person.sheets]) {
    if (id === null) continue;
    if (state === 'removed' || state === 'suspended') invariants.ended('authenticator', id);
    if (state === 'removed') invariants.ended('entry', id);
  }
}
