/** A sheet of spare codes is made, which ends the one before; and its codes are typed, each good once. */
import { makeSpareCodes } from '../../../src/backend/domain/recovery-codes/make-sheet.ts';
import { spareCodeStep } from '../../../src/backend/domain/recovery-codes/spare-code-step.ts';
import type { SpareCodes } from '../../../src/contract/http/codes.ts';
import type { Act } from '../acts.ts';
import { BROWSER, type Plan, pick, pickLast } from '../plan.ts';
import type { Scene } from '../scene.ts';
import { isOpen, type ModelSheet } from '../state.ts';
import { demand } from '../violation.ts';
import { MOST_WRONG_CODES } from '../world.ts';
import { type Shown, shownBy } from './codes.ts';

const NOBODYS = 'AAAAAAA-AAAAAAA';

export function makeSheet(scene: Scene): Plan {
  const { person, world } = scene;
  return {
    movesSheet: true,
    run: async () => {
      const { codes } = await makeSpareCodes(world.domain, BROWSER, await scene.keyAsker());
      const listed = await world.domain.store.read.authenticators.listOf(person.record.id);
      return { codes, id: listed.find(({ kind }) => kind === 'recovery-codes')?.id ?? null };
    },
    settle: (outcome, alone) => {
      if (!outcome.ok) {
        demand(!alone || person.disabled || outcome.code === 'session.missing', `no sheet could be made: ${outcome.code}`);
        return;
      }
      const { codes, id } = outcome.value as Pick<SpareCodes, 'codes'> & { readonly id: string | null };
      for (const one of person.sheets) if (!scene.newSheets.includes(one)) scene.gone(one, 'removed');
      const several = scene.newSheets.length > 0;
      for (const one of scene.newSheets) one.state = 'unsure';
      const sheet: ModelSheet = {
        id: alone ? id : null,
        codes,
        used: new Set(),
        maybeUsed: new Set(),
        state: several ? 'unsure' : 'active',
        failures: 0,
      };
      person.sheets.push(sheet);
      scene.newSheets.push(sheet);
    },
  };
}

export function typeSpareCode(scene: Scene, act: Act & { act: 'type-spare-code' }): Plan | null {
  const { person, now } = scene;
  const { domain } = scene.world;
  const session = pick(person.sessions, act.session);
  const sheet = pickLast(person.sheets, act.sheet);
  const challenge = act.forService ? (person.challenges.filter(({ kind }) => kind === 'service').at(-1) ?? null) : null;
  if (session === null) return null;
  const code = sheet === null || act.code === null ? null : act.code;
  const may = scene.alive(session) && (challenge === null || (isOpen(challenge, now) && !challenge.wantsKey));
  const due = may && sheet?.state === 'active' && code !== null && !sheet.used.has(code) && !sheet.maybeUsed.has(code);
  const counted = scene.sheet;
  return {
    movesSheet: true,
    run: async () => {
      const answer = { code: code === null ? NOBODYS : (sheet?.codes[code] ?? NOBODYS), challengeId: challenge?.id ?? null };
      return shownBy(scene, await spareCodeStep(domain, BROWSER, await scene.current(session), answer));
    },
    settle: (outcome, alone) => {
      if (!outcome.ok) {
        if (alone) demand(!due, `a spare code that was due was refused: ${outcome.code}`);
        if (outcome.code === 'spare-code.wrong') missed(scene, counted);
        if (outcome.code === 'challenge.ended' && !alone && code !== null) sheet?.maybeUsed.add(code);
        return;
      }
      demand(may || !alone, 'a spare code was good where none could be');
      demand(sheet !== null && code !== null, 'a spare code was good that was never made');
      demand(!alone || (sheet.state !== 'suspended' && sheet.state !== 'removed'), 'a spare code was good of a sheet that had ended');
      scene.invariants.spend('spare code', sheet.codes[code] ?? '');
      // Of two sheets made at the same moment it is this one that stayed.
      if (sheet.state === 'unsure') {
        for (const one of person.sheets) one.state = one === sheet ? 'active' : 'removed';
      }
      const shown = outcome.value as Shown;
      sheet.id ??= shown.shownWith;
      sheet.used.add(code);
      sheet.failures = 0;
      scene.seen.spareCodes += 1;
      scene.stepUp(session, shown);
      if (challenge === null) scene.seen.secondSteps += 1;
      else scene.end(challenge, 'approved', isOpen(challenge, now));
    },
  };
}

/** `counted`: the sheet that it was counted on; null: none, which looks the same. */
function missed(scene: Scene, counted: ModelSheet | null): void {
  scene.seen.wrongSpareCodes += 1;
  if (counted === null || scene.sheetMoved) return;
  counted.failures += 1;
  scene.invariants.tried('a sheet of spare codes', counted.failures, MOST_WRONG_CODES);
  if (counted.failures === MOST_WRONG_CODES && counted.state !== 'removed') counted.state = 'suspended';
}
