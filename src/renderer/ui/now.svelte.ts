/** The clock for words that change with time, such as "ended". Coarse on purpose: nothing counts seconds aloud. */
const STEP = 1_000;

class Now {
  value = $state(Date.now());
  #readers = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Keeps the clock running while a screen needs it; call it in an `$effect`. @returns how to stop */
  run(): () => void {
    this.#readers += 1;
    this.value = Date.now();
    this.#timer ??= setInterval(() => {
      this.value = Date.now();
    }, STEP);
    return () => {
      this.#readers -= 1;
      if (this.#readers > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }
}

export const now = new Now();
