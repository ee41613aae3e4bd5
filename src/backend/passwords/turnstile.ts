/** Lets so many through at a time, keeps so many waiting in order, and turns the rest away. */
export class Turnstile {
  readonly #places: number;
  readonly #longestQueue: number;
  readonly #refusal: () => Error;
  readonly #queue: (() => void)[] = [];
  #inside = 0;

  constructor(limits: { places: number; waiting: number }, refusal: () => Error) {
    this.#places = limits.places;
    this.#longestQueue = limits.waiting;
    this.#refusal = refusal;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#places) this.#inside += 1;
    else {
      if (this.#queue.length >= this.#longestQueue) throw this.#refusal();
      // Whoever leaves hands the place over, so that nobody slips in between.
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    }
  }
}
