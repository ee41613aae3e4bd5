import { DoorstepError } from '../../../contract/errors.ts';
import type { Challenge } from '../../../contract/http/shapes.ts';
import type { Domain } from '../domain.ts';
import { hashSecret } from '../identifiers.ts';
import type { ServiceRecord } from '../model.ts';
import { challengeView } from '../views.ts';

/**
 * A request as its service sees it. Another service's request is not there: `challenge.not-found`. The answer to one
 * that named nobody is told for the `code` of its way back alone: `challenge.return-code`.
 */
export async function readChallenge(domain: Domain, service: ServiceRecord, id: string, code: string | null): Promise<Challenge> {
  const challenge = await domain.store.read.challenges.byId(id);
  if (challenge === null || challenge.serviceId !== service.id) throw new DoorstepError('challenge.not-found');
  const wanted = challenge.result?.returnCodeHash ?? null;
  if (wanted !== null && (code === null || hashSecret(code) !== wanted)) throw new DoorstepError('challenge.return-code');
  const person = challenge.personId === null ? null : await domain.store.read.people.byId(challenge.personId);
  return challengeView(challenge, person, domain.organization.origin, domain.clock.now());
}

/**
 * The request once it has ended, or as it is when `waitMs` are over or `signal` fires, whichever is first.
 */
export async function awaitChallenge(
  domain: Domain,
  service: ServiceRecord,
  id: string,
  { waitMs, code, signal }: { waitMs: number; code: string | null; signal: AbortSignal },
): Promise<Challenge> {
  const bell = new Bell();
  // Subscribed before the first look, so that an ending between the two is not missed.
  const unsubscribe = domain.store.subscribe(`challenge:${id}`, bell.ring);
  signal.addEventListener('abort', bell.ring);
  const deadline = Date.now() + waitMs;
  try {
    for (;;) {
      const challenge = await readChallenge(domain, service, id, code);
      const left = Math.min(deadline - Date.now(), Date.parse(challenge.expiresAt) - domain.clock.now());
      if (challenge.state !== 'pending' || left <= 0 || signal.aborted) return challenge;
      await bell.heard(left);
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', bell.ring);
  }
}

/** Remembers a ring that comes while nobody listens. */
class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  readonly ring = (): void => {
    this.#rung = true;
    this.#wake?.();
  };

  async heard(withinMs: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
    this.#wake = null;
  }
}
