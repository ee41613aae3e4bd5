/** Stands in for the preload and the main process: says which state the window sees, and answers what it asks. */
import type { Page } from '@playwright/test';
import type { Outcome } from '../../../src/contract/errors.ts';
import type { AppState, IpcAnswers, IpcChannel, IpcRequest } from '../../../src/contract/ipc.ts';

export interface Asked {
  readonly channel: IpcChannel;
  readonly request: unknown;
}

type Answer = (request: unknown) => Outcome<unknown> | Promise<Outcome<unknown>>;

interface FakeWindow {
  doorstepFakeInvoke(channel: string, request: unknown): Promise<unknown>;
  doorstepFakePush?(state: unknown): void;
}

export class FakeBridge {
  readonly asked: Asked[] = [];
  readonly #page: Page;
  readonly #answers = new Map<IpcChannel, Answer>();
  #state: AppState;

  private constructor(page: Page, state: AppState) {
    this.#page = page;
    this.#state = state;
  }

  /** Puts the bridge into the page before its own code runs, and opens the window. */
  static async open(page: Page, address: string, state: AppState): Promise<FakeBridge> {
    const bridge = new FakeBridge(page, state);
    await page.exposeFunction('doorstepFakeInvoke', (channel: IpcChannel, request: unknown) => bridge.#answer(channel, request));
    await page.addInitScript(() => {
      const fake = globalThis as unknown as FakeWindow;
      Object.defineProperty(globalThis, 'doorstep', {
        value: {
          invoke: (channel: string, request: unknown) => fake.doorstepFakeInvoke(channel, request),
          subscribe: (listener: (state: unknown) => void) => {
            fake.doorstepFakePush = listener;
            return () => {
              delete fake.doorstepFakePush;
            };
          },
        },
      });
    });
    await page.goto(address);
    return bridge;
  }

  /** What the window asked on one channel, in order. */
  requests<C extends IpcChannel>(channel: C): IpcRequest<C>[] {
    return this.asked.filter((asked) => asked.channel === channel).map((asked) => asked.request as IpcRequest<C>);
  }

  /** Says what a channel answers from now on. Without it a channel answers `null`, and `code.show` with no codes. */
  on<C extends IpcChannel>(channel: C, answer: (request: IpcRequest<C>) => Outcome<IpcAnswers[C]> | Promise<Outcome<IpcAnswers[C]>>): void {
    this.#answers.set(channel, answer as Answer);
  }

  /** Sends a new state to the window, as main does at each change. */
  async push(change: Partial<AppState>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    await this.#page.evaluate((state) => (globalThis as unknown as FakeWindow).doorstepFakePush?.(state), this.#state as unknown);
  }

  async #answer(channel: IpcChannel, request: unknown): Promise<Outcome<unknown>> {
    if (channel === 'state.get') return { ok: true, value: this.#state };
    this.asked.push({ channel, request });
    const answer = this.#answers.get(channel);
    if (answer !== undefined) return answer(request);
    return { ok: true, value: channel === 'code.show' ? [] : null };
  }
}
