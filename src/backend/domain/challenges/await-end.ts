import type { Domain } from '../domain.ts';

interface Ending {
  readonly state: string;
  readonly expiresAt: string;
}

/**
 * What `read` answers of request `id` once it has ended, or as it is when `waitMs` are over or `signal` fires, whichever is
 * first.
 */
export async function awaitEnd<T extends Ending>(
  domain: Domain,
  id: string,
  read: () => Promise<T>,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<T> {
  const bell = new Bell();
  // Subscribed before the first look, so that an ending between the two is not missed.
  const unsubscribe = domain.store.subscribe(`challenge:${id}`, bell.ring);
  signal.addEventListener('abort', bell.ring);
  const deadline = Date.now() + waitMs;
  try {
    for (;;) {
      const challenge = await read();
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
