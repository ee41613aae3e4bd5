/** The clock for words and rings that change with time. It ticks with the seconds of the clock; nothing counts them aloud. */
const STEP = 1_000;

class Now {
  value = $state(Date.now());
  #readers = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Keeps the clock running while a screen needs it; call it in an `$effect`. @returns how to stop */
  run(): () => void {
    this.#readers += 1;
    this.#tick();
    return () => {
      this.#readers -= 1;
      if (this.#readers > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #tick(): void {
    clearTimeout(this.#timer);
    const time = Date.now();
    this.value = time;
    this.#timer = setTimeout(() => this.#tick(), STEP - (time % STEP));
  }
}

export const now = new Now();
