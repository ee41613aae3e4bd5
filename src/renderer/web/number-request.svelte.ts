/** The number that the page shows while a desktop is asked: begun, waited for, redeemed once, and given up when the page is left. */
import type { ApprovalRequest } from '../../contract/http/approvals.ts';
import type { Session } from '../../contract/http/shapes.ts';
import type { Failed } from '../ui/failed.ts';
import { call, cancelWhileLeaving } from './api.ts';

/** Seconds that the backend holds an answer; below what proxies cut off. */
const HOLD = 25;
/** Milliseconds between two questions where there is no connection, and at least between any two. */
const AGAIN = 2_000;
const LEAST = 300;

export type NumberPhase = 'none' | 'asking' | 'waiting' | 'finishing' | 'ended' | 'failed';
export type NumberEnd = 'denied' | 'expired' | 'canceled';

export interface NumberListener {
  onproved(session: Session): void;
  onfailed(failed: Failed): void;
}

export class NumberRequest {
  phase = $state<NumberPhase>('none');
  request = $state.raw<ApprovalRequest | null>(null);
  end = $state<NumberEnd | null>(null);
  failed = $state.raw<Failed | null>(null);
  /** No answer from the backend just now; it is asked again by itself. */
  offline = $state(false);
  readonly #listener: NumberListener;
  #left = new AbortController();

  constructor(listener: NumberListener) {
    this.#listener = listener;
  }

  /** @param challengeId the request of a service that the page was opened with */
  async begin(challengeId: string | null): Promise<void> {
    if (this.phase === 'asking' || this.phase === 'waiting' || this.phase === 'finishing') return;
    this.#left = new AbortController();
    const { signal } = this.#left;
    this.phase = 'asking';
    this.end = null;
    this.failed = null;
    const begun = await call('beginApproval', challengeId === null ? {} : { challengeId });
    if (signal.aborted) {
      if (begun.ok) void call('cancelApproval', undefined, { id: begun.value.id });
      return;
    }
    if (!begun.ok) return this.#fail(begun);
    this.request = begun.value;
    this.phase = 'waiting';
    await this.#wait(begun.value.id, signal);
  }

  async #wait(id: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const since = performance.now();
      const answer = await call('approval', undefined, { id, query: { wait: String(HOLD) }, signal });
      if (signal.aborted) return;
      this.offline = !answer.ok && answer.code === 'backend.unreachable';
      const state = answer.ok ? answer.value.state : 'pending';
      if (state === 'approved') return this.#finish(id, signal);
      if (state !== 'pending') return this.#over(state);
      if (!answer.ok && !isPassing(answer)) return answer.code === 'challenge.not-found' ? this.#over('canceled') : this.#fail(answer);
      await pause(answer.ok ? Math.max(0, LEAST - (performance.now() - since)) : AGAIN, signal);
    }
  }

  /** Redeems the approval. It is good once, and for this session alone. */
  async #finish(id: string, signal: AbortSignal): Promise<void> {
    this.phase = 'finishing';
    let answer = await call('finishApproval', undefined, { id });
    while (!answer.ok && isPassing(answer) && !signal.aborted) {
      this.offline = true;
      await pause(AGAIN, signal);
      answer = await call('finishApproval', undefined, { id });
    }
    this.offline = false;
    if (signal.aborted) return;
    if (answer.ok) {
      this.phase = 'none';
      this.#listener.onproved(answer.value);
    } else if (answer.code === 'challenge.ended') {
      this.#over('expired');
    } else {
      this.#fail(answer);
    }
  }

  #over(end: NumberEnd): void {
    this.phase = 'ended';
    this.end = end;
  }

  #fail({ code, detail }: Failed): void {
    this.phase = 'failed';
    this.failed = { code, detail };
    this.#listener.onfailed({ code, detail });
  }

  /** Another way was chosen: nobody has to answer any more. */
  leave(): void {
    const open = this.#stop();
    if (open !== null) void call('cancelApproval', undefined, { id: open });
  }

  /** The page itself goes away. */
  leavePage(): void {
    const open = this.#stop();
    if (open !== null) cancelWhileLeaving(open);
  }

  #stop(): string | null {
    const open = this.phase === 'waiting' ? (this.request?.id ?? null) : null;
    this.#left.abort();
    this.phase = 'none';
    this.request = null;
    this.offline = false;
    return open;
  }
}

/** Troubles of the way there, not of the request: asking again may help. */
function isPassing({ code }: Failed): boolean {
  return code === 'backend.unreachable' || code === 'store.unavailable' || code === 'internal' || code === 'request.busy';
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
