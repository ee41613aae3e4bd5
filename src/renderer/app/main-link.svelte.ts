/** What a window has of the main process: the state that it sends, and a way to ask it for something. */
import type { Outcome } from '../../contract/errors.ts';
import type { AppState, DoorstepBridge, IpcAnswers, IpcChannel, IpcRequest } from '../../contract/ipc.ts';
import type { Failed } from '../ui/failed.ts';

export class MainLink {
  state = $state.raw<AppState | null>(null);
  /** The last failure of each place on the screen, by its name. */
  faults = $state.raw<Readonly<Record<string, Failed>>>({});
  /** What runs now, by the same names. */
  running = $state.raw<ReadonlySet<string>>(new Set());
  broken = $state(false);
  readonly #bridge: DoorstepBridge | null;

  constructor(bridge: DoorstepBridge | null) {
    this.#bridge = bridge;
  }

  async open(): Promise<void> {
    if (this.#bridge === null) {
      this.broken = true;
      return;
    }
    this.#bridge.subscribe((state) => {
      this.state = state;
    });
    const answer = await this.#bridge.invoke('state.get', {});
    if (this.state !== null) return;
    if (answer.ok) this.state = answer.value;
    else this.broken = true;
  }

  isRunning(place: string): boolean {
    return this.running.has(place);
  }

  fault(place: string): Failed | null {
    return this.faults[place] ?? null;
  }

  clearFault(place: string): void {
    this.faults = Object.fromEntries(Object.entries(this.faults).filter(([name]) => name !== place));
  }

  /**
   * Asks main for something. While it runs, `place` is busy; what goes wrong stands at `place` until the next try.
   * Something that the person stopped is no fault.
   * @returns the answer, or null where it failed or is running already
   */
  async ask<C extends IpcChannel>(place: string, channel: C, request: IpcRequest<C>): Promise<{ value: IpcAnswers[C] } | null> {
    if (this.#bridge === null || this.running.has(place)) return null;
    this.clearFault(place);
    this.running = new Set([...this.running, place]);
    const answer = await this.#invoke(this.#bridge, channel, request);
    this.running = new Set([...this.running].filter((name) => name !== place));
    if (answer.ok) return { value: answer.value };
    if (answer.code !== 'token.canceled') this.faults = { ...this.faults, [place]: { code: answer.code, detail: answer.detail } };
    return null;
  }

  async #invoke<C extends IpcChannel>(bridge: DoorstepBridge, channel: C, request: IpcRequest<C>): Promise<Outcome<IpcAnswers[C]>> {
    try {
      return await bridge.invoke(channel, request);
    } catch {
      return { ok: false, code: 'internal', detail: {} };
    }
  }
}
