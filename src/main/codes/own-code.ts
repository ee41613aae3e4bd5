/** Codes of the person's own Doorstep account, made by this app: enrolled with one proven code, kept in step with the backend. */
import { DoorstepError } from '../../contract/errors.ts';
import { CodeEnrollment } from '../../contract/http/codes.ts';
import { OneAuthenticator } from '../../contract/http/shapes.ts';
import type { AppState } from '../../contract/ipc.ts';
import type { Parsed } from '../../contract/parse.ts';
import { decodeBase32 } from '../../oath/base32.ts';
import { parseOtpauth } from '../../oath/otpauth.ts';
import type { Seed } from '../../oath/seed.ts';
import { totp } from '../../oath/totp.ts';
import type { Log } from '../app/log.ts';
import type { StateStore } from '../app/state-store.ts';
import type { Sync } from '../sync/sync.ts';
import type { CodeStore } from './code-store.ts';

export interface OwnCodes {
  /** @returns the id of the new code. Rejects with not-paired, keychain.*, or as the backend does: then nothing is left of it */
  enroll(name: string): Promise<{ id: string }>;
  /**
   * Removes a code together with the way that it is: the seed goes once the backend has agreed, now or when it is in reach
   * again. False: it is no way that the backend knows. Rejects as `Sync.change` does, such as for the last way.
   */
  remove(id: string): Promise<boolean>;
  /** Must hear each state: what the backend does not know any more is no code of the person's either. */
  follow(state: AppState): void;
}

export interface OwnCodesOptions {
  readonly codes: CodeStore;
  readonly sync: Pick<Sync, 'call' | 'refresh' | 'change'>;
  readonly store: StateStore;
  readonly log: Log;
  /** The true time, milliseconds since 1970. */
  readonly trueNow: () => number;
}

export function createOwnCodes({ codes, sync, store, log, trueNow }: OwnCodesOptions): OwnCodes {
  /** Authenticators that this run has enrolled and no snapshot has shown yet. */
  const fresh = new Set<string>();
  let checked: string | null = null;

  const quietly = (work: Promise<void>) =>
    work.catch((error: unknown) => log.warn('codes.not-in-step', { code: error instanceof DoorstepError ? error.code : 'internal' }));

  return {
    async enroll(name) {
      const { pairing } = store.get();
      if (pairing.state !== 'paired') throw new DoorstepError('not-paired');
      const enrollment = await sync.call({ route: 'deviceCodeEnrollment', body: { kind: 'totp' }, answer: CodeEnrollment });
      const seed = seedOf(enrollment);
      const owner = { person: pairing.person.id, authenticatorId: enrollment.enrollmentId };
      fresh.add(owner.authenticatorId);
      // In the keychain before the backend counts on it: a code that is active and lost would be a way that is none.
      const [id] = await codes.add([{ seed, owner }]);
      if (id === undefined) throw new TypeError('each seed that is kept has an id');
      try {
        const code = totp(seed.key, trueNow(), seed);
        await sync.call({
          route: 'deviceFinishCodeEnrollment',
          id: enrollment.enrollmentId,
          body: { code, name },
          answer: OneAuthenticator,
        });
      } catch (error) {
        // Without an answer it may be active: the next snapshot says. A refusal has left nothing at the backend.
        const unanswered = !(error instanceof DoorstepError) || error.code === 'backend.unreachable';
        if (unanswered) fresh.delete(owner.authenticatorId);
        else await quietly(codes.drop(id));
        throw error;
      }
      await codes.prove(id);
      await sync.refresh().catch(() => undefined);
      return { id };
    },

    async remove(id) {
      const owner = codes.entries().find((entry) => entry.id === id)?.owner ?? null;
      const { pairing, authenticators, waitingChanges } = store.get();
      if (owner === null || pairing.state !== 'paired' || pairing.person.id !== owner.person) return false;
      // Asked for already, and not answered: it is off the list of ways, and its seed stays until the backend has agreed.
      if (!authenticators.some((one) => one.id === owner.authenticatorId)) return waitingChanges > 0;
      await sync.change(owner.authenticatorId, { kind: 'remove' });
      return true;
    },

    follow({ pairing, connection, authenticators, checkedAt, waitingChanges }) {
      if (pairing.state !== 'paired' || connection !== 'online' || checkedAt === null || checkedAt === checked) return;
      // What is shown then is what the person wants. The backend may still refuse to remove it, and the seed must be there.
      if (waitingChanges > 0) return;
      checked = checkedAt;
      for (const { id, owner } of codes.entries()) {
        if (owner === null || owner.person !== pairing.person.id) continue;
        const known = authenticators.find((one) => one.id === owner.authenticatorId);
        if (known !== undefined && known.state !== 'pending') {
          fresh.delete(owner.authenticatorId);
          if (!owner.proved) void quietly(codes.prove(id));
        } else if (known === undefined && !fresh.has(owner.authenticatorId)) {
          log.info('codes.own-ended');
          void quietly(codes.drop(id));
        }
      }
    },
  };
}

function seedOf({ secret, form, kind, link }: Parsed<typeof CodeEnrollment>): Seed & { readonly period: number } {
  const { issuer, account } = parseOtpauth(link);
  if (kind !== 'totp' || form.period === null) throw new DoorstepError('seed.unsupported', { reason: 'period', given: kind });
  return {
    kind,
    issuer,
    account,
    key: decodeBase32(secret),
    algorithm: form.algorithm,
    digits: form.digits,
    period: form.period,
    counter: null,
  };
}
