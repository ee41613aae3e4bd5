/** What is asked of tokens while nobody waits for the answer. A call of the person always goes first. */

interface Work {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export class Background {
  readonly #running = new Map<string, Work>();

  /**
   * Runs `work` on one token as soon as no other background work does, or not at all: null where `mayStart` says no then.
   * Its signal aborts when a call wants the token. Rejects as `work` does.
   */
  async run<T>(tokenId: string, mayStart: () => boolean, work: (signal: AbortSignal) => Promise<T>): Promise<{ readonly value: T } | null> {
    for (let before = this.#running.get(tokenId); before !== undefined; before = this.#running.get(tokenId)) await before.ended;
    if (!mayStart()) return null;
    const stop = new AbortController();
    const working = work(stop.signal);
    const forget = () => void this.#running.delete(tokenId);
    this.#running.set(tokenId, { stop, ended: working.then(forget, forget) });
    return { value: await working };
  }

  /** Stops what runs on these tokens and resolves when it has ended: their channels are quiet then. */
  async giveWay(tokenIds: readonly string[]): Promise<void> {
    const running = tokenIds.flatMap((id) => this.#running.get(id) ?? []);
    for (const { stop } of running) stop.abort();
    await Promise.all(running.map(({ ended }) => ended));
  }
}
