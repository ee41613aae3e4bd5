/** The token process from the outside: a bus, a port, and time that passes only when the test says so. */
import { afterEach } from 'vitest';
import type {
  FromTokenProcess,
  Prompt,
  PromptAnswer,
  TokenCall,
  TokenCalls,
  TokenSummary,
  ToTokenProcess,
} from '../../../src/contract/tokens.ts';
import type { DeviceSource, FoundDevice } from '../../../src/device/hid/source.ts';
import { startTokenService, type TokenService } from '../../../src/device/index.ts';
import { PROFILES, type Profile, VirtualToken } from '../../support/token/index.ts';
import { ManualClock } from '../../unit/device/doubles/manual-clock.ts';
import { pipeTo } from './bench.ts';

/** A bus to plug virtual tokens into. */
class TestBus implements DeviceSource {
  readonly #plugged = new Map<string, VirtualToken>();
  #listener: (devices: readonly FoundDevice[]) => void = () => {};

  watch(listener: (devices: readonly FoundDevice[]) => void) {
    this.#listener = listener;
    listener(this.#devices());
    return { refresh: async () => this.#devices(), hurry: () => {}, stop: () => this.#plugged.clear() };
  }

  plug(place: string, token: VirtualToken): void {
    token.plugIn();
    this.#plugged.set(place, token);
    this.#listener(this.#devices());
  }

  pull(place: string): void {
    const token = this.#plugged.get(place);
    this.#plugged.delete(place);
    token?.unplug();
    this.#listener(this.#devices());
  }

  #devices(): readonly FoundDevice[] {
    return [...this.#plugged].map(([place, token]) => ({
      key: place,
      source: 'usb',
      product: `Key ${token.profile.aaguid.slice(-2)}`,
      manufacturer: 'Test',
      serial: null,
      open: async () => pipeTo(token),
    }));
  }
}

export class TestService {
  readonly clock = new ManualClock();
  readonly bus = new TestBus();
  readonly prompts: (Prompt | null)[] = [];
  tokens: readonly TokenSummary[] = [];
  onPrompt: (prompt: Prompt, answer: (answer: PromptAnswer) => void, cancel: () => void) => void = () => {};
  readonly #done = new Map<number, (message: Extract<FromTokenProcess, { kind: 'done' }>) => void>();
  #send: (message: ToTokenProcess) => void = () => {};
  #next = 1;
  readonly service: TokenService;

  constructor() {
    this.service = startTokenService({
      clock: this.clock,
      sources: [this.bus],
      port: { post: (message) => this.#take(structuredClone(message)), onMessage: (listener) => this.#hear(listener) },
    });
  }

  /** Plugs a token in and waits until it is ready. */
  async plug(
    place: string,
    kind: Profile = PROFILES.full,
    options: ConstructorParameters<typeof VirtualToken>[0] = {},
  ): Promise<VirtualToken> {
    const token = new VirtualToken({ ...options, profile: kind, clock: this.clock });
    this.bus.plug(place, token);
    await this.clock.advance(100);
    return token;
  }

  /** Runs a call to its end in the service's own time. */
  async call<C extends TokenCall>(call: C, ask: TokenCalls[C]['request']): Promise<TokenCalls[C]['answer']> {
    const done = await this.clock.run(this.start(call, ask).done, 900_000);
    if (!done.ok) throw new Error(done.code);
    return done.value as TokenCalls[C]['answer'];
  }

  start<C extends TokenCall>(call: C, ask: TokenCalls[C]['request']) {
    const id = this.#next++;
    const done = new Promise<Extract<FromTokenProcess, { kind: 'done' }>>((resolve) => this.#done.set(id, resolve));
    this.#send({ kind: 'call', id, call, request: ask });
    return { id, done, cancel: () => this.#send({ kind: 'cancel', id }) };
  }

  async failure<C extends TokenCall>(call: C, ask: TokenCalls[C]['request']): Promise<string> {
    const done = await this.clock.run(this.start(call, ask).done, 900_000);
    return done.ok ? 'ok' : done.code;
  }

  get only(): string {
    const [token] = this.tokens;
    if (token === undefined || this.tokens.length > 1) throw new Error(`there are ${this.tokens.length} tokens`);
    return token.id;
  }

  #hear(listener: (message: ToTokenProcess) => void): void {
    this.#send = listener;
  }

  #take(message: FromTokenProcess): void {
    if (message.kind === 'tokens') this.tokens = message.tokens;
    if (message.kind === 'done') this.#done.get(message.id)?.(message);
    if (message.kind !== 'prompt') return;
    this.prompts.push(message.prompt);
    if (message.prompt === null) return;
    const answer = (given: PromptAnswer) => this.#send({ kind: 'answer', id: message.id, answer: given });
    this.onPrompt(message.prompt, answer, () => this.#send({ kind: 'cancel', id: message.id }));
  }
}

const services: TestService[] = [];
/** A token process that is stopped at the end of the test. */
export function start(): TestService {
  const service = new TestService();
  services.push(service);
  return service;
}
afterEach(async () => {
  for (const { service } of services.splice(0)) await service.stop();
});
