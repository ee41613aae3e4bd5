/**
 * The one request that the person is looking at: opened, answered with a number, denied, or ended by others. Closing
 * the window is a "no"; a "no" that does not reach the backend is said again once it is back.
 */
import { DoorstepError } from '../../contract/errors.ts';
import type { Decision } from '../../contract/http/approvals.ts';
import type { EndedChallenge, WaitingChallenge } from '../../contract/http/shapes.ts';
import type { AppState, ReviewEnd } from '../../contract/ipc.ts';
import type { Log } from './log.ts';
import type { StateStore } from './state-store.ts';

/** What is used of the window. */
export interface ReviewWindow {
  show(asked: boolean): void;
  close(): void;
}

export interface ReviewsOptions {
  readonly store: StateStore;
  readonly window: ReviewWindow;
  readonly log: Log;
  /** Signs and sends what the person decided. Rejects with the backend's code or backend.unreachable. */
  readonly decide: (challenge: WaitingChallenge, decision: Decision, number: string | null) => Promise<void>;
  /** Ends a key that waits for its touch for this request. */
  readonly stopKey: (id: string) => void;
  /** Reads what waits anew. */
  readonly refresh: () => Promise<void>;
  readonly now?: () => number;
}

export interface Reviews {
  /** Opens the window on a request. `asked`: the person asked for it, so it may take the focus. @throws challenge.ended */
  review(id: string, asked: boolean): void;
  /** Rejects with approval.number-wrong and `triesLeft` while the request goes on. */
  approve(id: string, number: string): Promise<void>;
  deny(id: string): Promise<void>;
  notMe(id: string): Promise<void>;
  /** How requests ended a short while ago, as the backend knows it. */
  ended(ended: readonly EndedChallenge[]): void;
  /** A touched key answered it here. */
  answered(id: string): void;
  /** The window was closed by the person: what was not answered is denied. */
  closed(): void;
  /** The window has shown how it ended. */
  close(): void;
  /** Takes the window away without an answer: the computer was locked. */
  hold(): void;
  /** Must hear each state: requests that went, a backend that came back. */
  follow(state: AppState): void;
}

export function createReviews(options: ReviewsOptions): Reviews {
  const { store, window, log, decide, stopKey, refresh, now = Date.now } = options;
  /** Denials that have not reached the backend. */
  const owed = new Map<string, { readonly challenge: WaitingChallenge; readonly decision: 'deny' | 'not-me' }>();
  /** Requests whose answer is on its way: what comes back tells how they ended, not that they are gone. */
  const answering = new Set<string>();
  /** What the person said last to a request that is or was looked at. */
  const said = new Map<string, Decision>();
  let endings: ReadonlyMap<string, EndedChallenge> = new Map();
  let wasOnline = false;

  const find = (id: string): WaitingChallenge => {
    const { review, challenges } = store.get();
    const found = challenges.find((challenge) => challenge.id === id) ?? (review?.challenge.id === id ? review.challenge : undefined);
    if (found === undefined) throw new DoorstepError('challenge.ended');
    return found;
  };

  const end = (id: string, ended: ReviewEnd) => {
    const { review } = store.get();
    if (review?.challenge.id === id && review.ended === null) store.change({ review: { ...review, ended } });
  };

  /** How a request ended that waits no more. What was said here may have been heard although its answer got lost. */
  const gone = (challenge: WaitingChallenge): ReviewEnd => {
    const end = endings.get(challenge.id);
    const here = said.get(challenge.id);
    switch (end?.state) {
      case 'approved':
        return here === 'approve' && end.authenticatorId === me() ? 'approved' : 'elsewhere';
      case 'denied':
        return here === 'deny' ? 'denied' : here === 'not-me' ? 'reported' : 'elsewhere';
      case 'canceled':
        return 'canceled';
      case 'expired':
        return 'expired';
      case 'pending':
      case undefined:
        return Date.parse(challenge.expiresAt) <= now() ? 'expired' : 'elsewhere';
    }
  };
  const me = (): string | null => {
    const { pairing } = store.get();
    return pairing.state === 'paired' ? pairing.deviceId : null;
  };

  /** Sends it, and turns the answers that end the request into its end. */
  const send = async (challenge: WaitingChallenge, decision: Decision, number: string | null): Promise<ReviewEnd> => {
    answering.add(challenge.id);
    said.set(challenge.id, decision);
    try {
      await decide(challenge, decision, number);
      return decision === 'approve' ? 'approved' : decision === 'deny' ? 'denied' : 'reported';
    } catch (error) {
      if (!(error instanceof DoorstepError)) throw error;
      if (error.code === 'challenge.ended' || error.code === 'challenge.not-found') return gone(challenge);
      if (error.code === 'approval.number-wrong' && error.detail['triesLeft'] === 0) return 'too-many-wrong';
      throw error;
    } finally {
      answering.delete(challenge.id);
    }
  };

  const refuse = async (id: string, decision: 'deny' | 'not-me', challenge = find(id)) => {
    stopKey(id);
    try {
      end(id, await send(challenge, decision, null));
    } catch (error) {
      // The person has said no, whatever the network says.
      const unheard = error instanceof DoorstepError && error.code === 'backend.unreachable';
      // Who says "this wasn't me" and then closes the window has not taken it back.
      if (unheard && owed.get(id)?.decision !== 'not-me') owed.set(id, { challenge, decision });
      throw error;
    }
    await refresh().catch(() => undefined);
  };

  const waits = (error: unknown) => log.warn('approval.denial-waits', { code: error instanceof DoorstepError ? error.code : 'internal' });

  const settle = async () => {
    const due = [...owed];
    owed.clear();
    for (const [id, { challenge, decision }] of due) {
      // A denial of what has ended changes nothing. "This wasn't me" is about the person's password, and holds all the same.
      if (decision === 'deny' && Date.parse(challenge.expiresAt) <= now()) continue;
      await refuse(id, decision, challenge).catch((error: unknown) => waits(error));
    }
  };

  return {
    review(id, asked) {
      const challenge = find(id);
      const { review } = store.get();
      if (review?.challenge.id !== id) store.change({ review: { challenge, ended: null } });
      window.show(asked);
    },
    async approve(id, number) {
      const ended = await send(find(id), 'approve', number);
      end(id, ended);
      await refresh().catch(() => undefined);
      if (ended === 'elsewhere' || ended === 'expired') throw new DoorstepError('challenge.ended');
    },
    deny: (id) => refuse(id, 'deny'),
    notMe: (id) => refuse(id, 'not-me'),
    ended(list) {
      endings = new Map(list.map((each) => [each.id, each]));
      for (const id of said.keys()) if (!endings.has(id) && !answering.has(id) && store.get().review?.challenge.id !== id) said.delete(id);
    },
    answered: (id) => end(id, 'approved'),
    closed() {
      const { review } = store.get();
      store.change({ review: null });
      if (review === null || review.ended !== null) return;
      refuse(review.challenge.id, 'deny', review.challenge).catch(waits);
    },
    close() {
      window.close();
      store.change({ review: null });
    },
    hold() {
      const { review } = store.get();
      if (review === null) return;
      window.close();
      store.change({ review: null });
    },
    follow(state) {
      const online = state.connection === 'online';
      if (online && !wasOnline && owed.size > 0) void settle();
      wasOnline = online;
      const { review } = state;
      if (review === null || review.ended !== null || !online || answering.has(review.challenge.id)) return;
      const current = state.challenges.find(({ id }) => id === review.challenge.id);
      if (current === undefined) end(review.challenge.id, gone(review.challenge));
      // The tries that are left, and an end that came nearer.
      else if (current !== review.challenge) store.change({ review: { challenge: current, ended: null } });
    },
  };
}
