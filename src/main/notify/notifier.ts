/** Tells of waiting requests outside the windows. A notification is a pointer: it opens the request or denies it, never approves. */
import type { NotificationWords } from './words.ts';

export interface Notifier {
  /** Shows, or shows anew, the notification about the request `id`. */
  show(id: string, words: NotificationWords): void;
  /** Takes the notification about the request away. */
  withdraw(id: string): void;
  withdrawAll(): void;
  /** Says something that wants no answer. */
  say(words: NotificationWords): void;
  stop(): void;
}

/** Why a notification cannot do its work: nobody shows it, or it would have no buttons. */
export type NotifierLack = 'no-server' | 'no-actions';

export interface NotifierEvents {
  /** The person pressed the notification or its button 'Review'. */
  readonly onReview: (id: string) => void;
  readonly onDeny: (id: string) => void;
  /** The request needs another way to the person. */
  readonly onLack: (id: string, lack: NotifierLack) => void;
  /** A notification was shown by a server that has buttons. */
  readonly onShown: (id: string) => void;
}
