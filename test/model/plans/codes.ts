/** A code is typed: at the sign-in page, for a service's request there, or straight to the service. */
import { answerWithCode } from '../../../src/backend/domain/codes/challenge-code.ts';
import { codeStep } from '../../../src/backend/domain/codes/code-step.ts';
import { hashSessionToken } from '../../../src/backend/domain/sessions/token.ts';
import type { Act } from '../acts.ts';
import { burn, mayBurn, typedCode } from '../codes.ts';
import { BROWSER, type Plan, pick } from '../plan.ts';
import type { Scene } from '../scene.ts';
import { isOpen } from '../state.ts';
import { demand } from '../violation.ts';

export function typeCode(scene: Scene, act: Act & { act: 'type-code' }): Plan | null {
  const { person, now } = scene;
  const { domain, service } = scene.world;
  const session = pick(person.sessions, act.session);
  const source = pick(person.sources, act.source);
  const challenge = act.where === 'page' ? null : (person.challenges.filter(({ kind }) => kind === 'service').at(-1) ?? null);
  if (session === null || source === null || (act.where === 'service' && challenge === null)) return null;
  const typed = typedCode(person.sources, source, act.ahead, now);
  const reaches = challenge === null || (isOpen(challenge, now) && !challenge.wantsKey);
  const may = reaches && !person.disabled && (act.where === 'service' || scene.alive(session));
  return {
    typesCode: true,
    run: async () => {
      if (act.where === 'service') return answerWithCode(domain, BROWSER, service, { challengeId: challenge?.id ?? '', code: typed.code });
      const answer = { code: typed.code, challengeId: challenge?.id ?? null };
      return shownBy(scene, await codeStep(domain, BROWSER, await scene.current(session), answer));
    },
    settle: (outcome, alone) => {
      if (!outcome.ok) {
        if (alone) demand(!(may && typed.due), `a code that was due was refused: ${outcome.code}`);
        if (outcome.code === 'code.wrong') scene.seen.wrongCodes += 1;
        // It was burned, and the request had ended in between.
        if (outcome.code === 'challenge.ended' && !alone) mayBurn(person.sources, typed.code, now);
        return;
      }
      demand(may || !alone, 'a code was good where none could be');
      burn(person.sources, scene.invariants, typed.code, now);
      if (challenge !== null) scene.end(challenge, 'approved', isOpen(challenge, now));
      else scene.seen.secondSteps += 1;
      if (act.where !== 'service') scene.stepUp(session, outcome.value as Shown);
    },
  };
}

export interface Shown {
  readonly token: string;
  readonly shownWith: string | null;
}

/** What the session was shown with; null where it has ended at this moment. */
export async function shownBy({ world }: Scene, token: string): Promise<Shown> {
  const session = await world.domain.store.read.sessions.byTokenHash(hashSessionToken(token));
  return { token, shownWith: session?.authenticatorId ?? null };
}
