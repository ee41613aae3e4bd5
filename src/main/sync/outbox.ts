/** Sends what was changed here, in order, and hands each answer to whoever waits for it. */
import { DoorstepError, type ErrorCode, isErrorCode } from '../../contract/errors.ts';
import type { ChangeResult } from '../../contract/http/sync.ts';
import type { Change, ChangeQueue } from './changes.ts';

export interface Outbox {
  /** Sends all that waits. Rejects where that cannot be: then it goes on waiting. */
  send(): Promise<void>;
  /** Sends all that waits, this change (by its key) too; the code of its refusal, or null. Rejects like `send`: then it waits. */
  sendAndHear(key: string): Promise<ErrorCode | null>;
  stop(): void;
}

export interface OutboxOptions {
  readonly queue: ChangeQueue;
  /** One request. Null: the connection is not what it was. */
  readonly exchange: (
    changes: readonly Change[],
  ) => Promise<{ readonly results: readonly ChangeResult[]; readonly done: () => void } | null>;
  /** The queue is another. */
  readonly onSettled: () => void;
  /** Sending is tried again after so long, milliseconds, where it could not be. */
  readonly again?: number;
}

const AGAIN = 30_000;

/** As many changes as one request takes. */
const BATCH = 64;

export function createOutbox({ queue, exchange, onSettled, again = AGAIN }: OutboxOptions): Outbox {
  let sending: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;
  /** Changes whose person waits for the answer, and what it was. */
  const awaited = new Map<string, ErrorCode | null>();

  const settle = (results: readonly ChangeResult[]) => {
    for (const { key, outcome, code } of results) {
      if (!awaited.has(key)) continue;
      if (outcome === 'refused') awaited.set(key, isErrorCode(code) ? code : 'internal');
      else if (outcome === 'gone') awaited.set(key, 'authenticator.not-found');
    }
    queue.settle(results, new Set(awaited.keys()));
    onSettled();
  };

  const sendAll = async () => {
    let size = BATCH;
    for (;;) {
      const changes = queue.waiting().slice(0, size);
      const [first] = changes;
      if (first === undefined) return;
      try {
        const answer = await exchange(changes);
        if (answer === null) return;
        settle(answer.results);
        answer.done();
        // An answer that says nothing of what was sent must not be asked for again at once.
        if (answer.results.length === 0) return;
      } catch (error) {
        // One that the backend cannot read must not hold up those behind it.
        if (!(error instanceof DoorstepError) || error.code !== 'request.malformed') throw error;
        if (size > 1) size = 1;
        else settle([{ key: first.key, outcome: 'refused', code: error.code }]);
      }
    }
  };

  const send = (): Promise<void> => {
    clearTimeout(retry);
    sending ??= sendAll()
      .catch((error: unknown) => {
        // A backend that is in reach and busy sends no sign when it is less so.
        retry = setTimeout(() => void send().catch(() => undefined), again);
        throw error;
      })
      .finally(() => {
        sending = null;
      });
    return sending;
  };

  return {
    send,
    async sendAndHear(key) {
      awaited.set(key, null);
      try {
        // One that is under way may have gathered its changes already.
        await sending?.catch(() => undefined);
        await send();
        return awaited.get(key) ?? null;
      } finally {
        awaited.delete(key);
      }
    },
    stop: () => clearTimeout(retry),
  };
}
