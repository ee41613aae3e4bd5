/** Brings waiting requests to the person: by a notification, or where that cannot be, by the window itself. */
import type { WaitingChallenge } from '../../contract/http/shapes.ts';
import type { AppState } from '../../contract/ipc.ts';
import type { Notifier, NotifierEvents } from '../notify/notifier.ts';
import { type NotificationWords, requestWords } from '../notify/words.ts';
import type { Log } from './log.ts';
import type { Notices } from './notices.ts';
import type { Reviews } from './reviews.ts';
import type { StateStore } from './state-store.ts';

export interface AttentionOptions {
  readonly store: StateStore;
  readonly reviews: Reviews;
  readonly notices: Notices;
  readonly log: Log;
  readonly createNotifier: (events: NotifierEvents) => Notifier;
  /** The main window: `open` brings it to the front, `mark` only says that something waits there. */
  readonly window: { open(): void; mark(): void };
}

export interface Attention {
  /** Must hear each state. */
  follow(state: AppState): void;
  /** Opens a request where it is answered. Does nothing where it has ended. */
  review(id: string): void;
  /** Says something that wants no answer. */
  say(words: NotificationWords): void;
  stop(): void;
}

export function createAttention({ store, reviews, notices, log, createNotifier, window }: AttentionOptions): Attention {
  const announced = new Set<string>();
  /** The request that the window is on. */
  let looking: string | null = null;
  const find = (id: string): WaitingChallenge | undefined => store.get().challenges.find((challenge) => challenge.id === id);

  const review = (id: string) => {
    const challenge = find(id);
    if (challenge === undefined) return;
    if (challenge.number === null) {
      notifier.withdraw(id);
      window.open();
    } else reviews.review(id, true);
  };

  const notifier = createNotifier({
    onReview: review,
    onDeny(id) {
      if (find(id) === undefined) return;
      reviews.deny(id).catch(() => log.warn('approval.denial-waits'));
    },
    onShown: () => notices.over('no-notifications'),
    onLack(id, lack) {
      if (lack === 'no-server') notices.once('no-notifications');
      const challenge = find(id);
      if (challenge === undefined) return;
      if (challenge.number === null) window.mark();
      else reviews.review(id, false);
    },
  });

  return {
    follow({ challenges, pairing, review: open }) {
      const person = pairing.state === 'paired' ? pairing.person.displayName : '';
      for (const challenge of challenges) {
        if (announced.has(challenge.id)) continue;
        announced.add(challenge.id);
        log.info('request.announced');
        if (challenge.number === null) window.mark();
        notifier.show(challenge.id, requestWords(challenge, person));
      }
      // Who looks at it needs no pointer to it.
      if (open !== null && open.challenge.id !== looking) notifier.withdraw(open.challenge.id);
      looking = open?.challenge.id ?? null;
      // Also where all of them went because the screen was locked: they are told anew when it is unlocked.
      for (const id of [...announced].filter((each) => !challenges.some((challenge) => challenge.id === each))) {
        announced.delete(id);
        notifier.withdraw(id);
      }
    },
    review,
    say: (words) => notifier.say(words),
    stop: () => notifier.stop(),
  };
}
