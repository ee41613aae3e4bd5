/** Good news waiting to be shown. Bad news never goes here: a banner or a fault stays until it is dealt with. */
export interface ToastEntry {
  readonly id: number;
  readonly text: string;
}

/** Milliseconds that a toast stays when nobody holds it. */
export const TOAST_TIME = 6_000;

class Toasts {
  #last = 0;
  entries = $state<readonly ToastEntry[]>([]);

  say(text: string): void {
    this.#last += 1;
    this.entries = [...this.entries.slice(-1), { id: this.#last, text }];
  }

  dismiss(id: number): void {
    this.entries = this.entries.filter((entry) => entry.id !== id);
  }
}

export const toasts = new Toasts();
