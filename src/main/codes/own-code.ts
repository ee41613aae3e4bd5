/** Codes of the person's own Doorstep account, made by this app: enrolled with one proven code, kept in step with the backend. */
import { DoorstepError, ERRORS, type ErrorCode } from '../../contract/errors.ts';
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
  /**
   * @returns the id of the new code. Rejects with not-paired, keychain.*, or as the backend does: then nothing is left of it.
   * Where the answer to its proof is missing, its seed stays, not shown, until the backend has said what became of it.
   */
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
  /** The backend would not end what was begun; it is not asked again before the person wants another code. */
  let unwilling = false;
  let checked: string | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  /** One after another: each enrollment that a computer begins ends the one before. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const run = turn.then(act, act);
    turn = run.catch(() => undefined);
    return run;
  };

  const isActive = (authenticatorId: string) =>
    store.get().authenticators.some(({ id, state }) => id === authenticatorId && state !== 'pending');

  /**
   * Ends what was begun and not proved, as far as anybody here knows. Its proof may still be on its way to the backend, and
   * would be for a seed that is gone: so another enrollment is begun, which ends the earlier ones of this computer and whose
   * seed nobody keeps. A list that is read after that says for good what became of them.
   */
  const settle = async () => {
    const { pairing } = store.get();
    if (pairing.state !== 'paired') return;
    const left = codes.entries().flatMap(({ id, owner }) => {
      if (owner === null || owner.person !== pairing.person.id || owner.proved || fresh.has(owner.authenticatorId)) return [];
      return [{ id, authenticatorId: owner.authenticatorId }];
    });
    if (left.length === 0) return;
    try {
      await sync.call({ route: 'deviceCodeEnrollment', body: { kind: 'totp' }, answer: CodeEnrollment });
    } catch (error) {
      unwilling = isRefusal(error);
      throw error;
    }
    await sync.refresh();
    for (const { id, authenticatorId } of left) await (isActive(authenticatorId) ? codes.prove(id) : codes.drop(id));
  };

  const quietly = (work: Promise<void>) =>
    work.catch((error: unknown) => log.warn('codes.not-in-step', { code: error instanceof DoorstepError ? error.code : 'internal' }));

  const enroll = async (name: string) => {
    const { pairing } = store.get();
    if (pairing.state !== 'paired') throw new DoorstepError('not-paired');
    unwilling = false;
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
      fresh.delete(owner.authenticatorId);
      if (isRefusal(error)) {
        await quietly(codes.drop(id));
        throw error;
      }
      // A backend that did answer, only not on this, can be asked at once.
      if (error instanceof DoorstepError && error.code !== 'backend.unreachable') await sync.refresh().catch(() => undefined);
      if (!isActive(owner.authenticatorId)) throw error;
    }
    await codes.prove(id);
    await sync.refresh().catch(() => undefined);
    return { id };
  };

  return {
    enroll: (name) => inTurn(() => enroll(name)),

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
      let unsettled = false;
      for (const { id, owner } of codes.entries()) {
        if (owner === null || owner.person !== pairing.person.id) continue;
        const known = authenticators.find((one) => one.id === owner.authenticatorId);
        if (known !== undefined && known.state !== 'pending') {
          fresh.delete(owner.authenticatorId);
          if (!owner.proved) void quietly(codes.prove(id));
        } else if (known === undefined && !fresh.has(owner.authenticatorId)) {
          if (owner.proved) {
            log.info('codes.own-ended');
            void quietly(codes.drop(id));
          } else unsettled = true;
        }
      }
      if (unsettled && !unwilling) void quietly(inTurn(settle));
    },
  };
}

/** What a request is told that was sent twice on its way: the first one may have been taken. */
const SENT_TWICE: readonly ErrorCode[] = ['ceremony.ended', 'device.request-replayed'];

/** Whether the backend has said that nothing came of it. A database that did not answer may have kept it all the same. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof DoorstepError) || SENT_TWICE.includes(error.code)) return false;
  const { status } = ERRORS[error.code];
  return status >= 400 && status < 500;
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
