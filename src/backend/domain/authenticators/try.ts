/** "Does this key still work?": a question of the desktop's own, which opens nothing. */
import { DoorstepError } from '../../../contract/errors.ts';
import type { Authenticator } from '../../../contract/http/shapes.ts';
import type { RequestOptionsJson } from '../../../contract/tokens.ts';
import { type Asker, actorOf } from '../ceremonies/asker.ts';
import { checkAnswer, spendAnswer } from '../ceremonies/assertion.ts';
import { openCeremony } from '../ceremonies/open-ceremony.ts';
import { requestOptions } from '../ceremonies/options.ts';
import type { Caller, Domain } from '../domain.ts';
import { personChanged } from '../people/person-changed.ts';
import type { Question } from '../sessions/second-step.ts';
import { authenticatorView } from '../views.ts';
import type { AssertionAnswer } from '../webauthn.ts';
import { hasWorkingKey } from './ways.ts';

export async function beginTry(domain: Domain, asker: Asker): Promise<Question<RequestOptionsJson>> {
  const keys = await domain.store.read.authenticators.listOf(asker.person.id);
  if (!hasWorkingKey(keys)) throw new DoorstepError('authenticator.not-found');
  const ceremony = await openCeremony(domain, asker, { purpose: 'try', challengeId: null, userVerification: 'preferred' });
  return { ceremony, options: requestOptions(domain, ceremony, keys) };
}

export async function finishTry(
  domain: Domain,
  caller: Caller,
  asker: Asker,
  answer: { ceremonyId: string; credential: AssertionAnswer },
): Promise<Authenticator> {
  const checked = await checkAnswer(domain, caller, asker, { ...answer, purpose: 'try' });
  const now = domain.clock.now();
  const outcome = await domain.store.transaction(async (tx) => {
    const spent = await spendAnswer(domain, tx, caller, asker, checked);
    if (spent !== 'spent') return spent;
    await personChanged(tx, asker.person.id);
    await tx.audit.append(
      {
        event: 'authenticator.tried',
        outcome: 'done',
        actor: actorOf(asker),
        personId: asker.person.id,
        subjectId: checked.authenticator.id,
        source: caller.source,
        reason: null,
        facts: { userVerified: checked.userVerified },
      },
      now,
    );
    return 'done' as const;
  });
  if (outcome !== 'done') throw new DoorstepError(outcome);
  return authenticatorView({ ...checked.authenticator, counter: checked.counter, lastUsedAt: now, lastUsedFrom: caller.source });
}
