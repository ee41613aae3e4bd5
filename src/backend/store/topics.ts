import type { Topic } from '../domain/stores.ts';

/** Who waits for which topic in this process. */
export class Topics {
  readonly #listeners = new Map<Topic, Set<() => void>>();

  subscribe(topic: Topic, listener: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(topic, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }

  announce(topics: Iterable<Topic>): void {
    for (const topic of topics) for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener();
  }

  /** Everybody looks again: after a gap in which announcements may have been missed. */
  announceAll(): void {
    this.announce([...this.#listeners.keys()]);
  }
}
