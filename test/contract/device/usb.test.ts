import { type ChildProcess, fork } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { FromTokenProcess, TokenCall, TokenCalls, TokenSummary, ToTokenProcess } from '../../../src/contract/tokens.ts';
import { type Bus, createBus, profile, VirtualToken } from '../../support/token/index.ts';
import { creation, ORIGIN, request, verifyAssertion, verifyRegistration } from './options.ts';

/** The ladder through the unmodified node-hid, on tokens that it takes for /dev/hidraw nodes. */

let bus: Bus;
let child: ChildProcess;

afterEach(async () => {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await exited;
  await bus.close();
});

type Done = Extract<FromTokenProcess, { kind: 'done' }>;

class UsbService {
  tokens: readonly TokenSummary[] = [];
  readonly #messages: ((message: FromTokenProcess) => void)[] = [];
  #next = 1;

  constructor(pollMs = 100) {
    const script = new URL('./usb-service.ts', import.meta.url).pathname;
    child = fork(script, [String(pollMs)], { env: { ...process.env, ...bus.env }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.on('message', (message: FromTokenProcess) => {
      if (message.kind === 'tokens') this.tokens = message.tokens;
      for (const listener of [...this.#messages]) listener(message);
    });
  }

  /** Resolves at the first message that `pick` gives something for. */
  next<T>(pick: (message: FromTokenProcess) => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const listener = (message: FromTokenProcess) => {
        const picked = pick(message);
        if (picked === undefined) return;
        this.#messages.splice(this.#messages.indexOf(listener), 1);
        resolve(picked);
      };
      this.#messages.push(listener);
    });
  }

  async until(holds: (tokens: readonly TokenSummary[]) => boolean): Promise<readonly TokenSummary[]> {
    if (holds(this.tokens)) return this.tokens;
    return this.next((message) => (message.kind === 'tokens' && holds(message.tokens) ? message.tokens : undefined));
  }

  ready(count: number): Promise<readonly TokenSummary[]> {
    return this.until((tokens) => tokens.length === count && tokens.every(({ state }) => state.kind === 'ready'));
  }

  async call<C extends TokenCall>(call: C, ask: TokenCalls[C]['request']): Promise<Done> {
    const id = this.#next++;
    const done = this.next((message) => (message.kind === 'done' && message.id === id ? message : undefined));
    child.send({ kind: 'call', id, call, request: ask } satisfies ToTokenProcess);
    return done;
  }
}

function value<C extends TokenCall>(done: Done, _call: C): TokenCalls[C]['answer'] {
  if (!done.ok) throw new Error(done.code);
  return done.value as TokenCalls[C]['answer'];
}

describe('tokens on node-hid', () => {
  it('are listed by their usage page, registered with and signed with', async () => {
    bus = createBus();
    await bus.plug(new VirtualToken(), { product: 'Blue key', manufacturer: 'Doorstep', serial: 'B-7' });
    const service = new UsbService();
    const [token] = await service.ready(1);
    expect(token).toMatchObject({ source: 'usb', product: 'Blue key', manufacturer: 'Doorstep', serial: 'B-7', protocol: 'fido2' });
    const made = value(await service.call('register', { origin: ORIGIN, options: creation() }), 'register');
    const { credential } = await verifyRegistration(made.credential);
    const wanted = { origin: ORIGIN, options: request(made.credential.id) };
    await verifyAssertion(value(await service.call('assert', wanted), 'assert').credential, credential);

    const rounds = 100;
    const start = performance.now();
    for (let round = 0; round < rounds; round++) value(await service.call('assert', wanted), 'assert');
    const perPacket = (performance.now() - start) / rounds / 7;
    console.log(`${perPacket.toFixed(3)} ms a packet, the virtual token's own work and the way to this process included`);
  });

  it('come and go, also in the middle of a touch', async () => {
    bus = createBus();
    const service = new UsbService();
    const first = new VirtualToken({ touch: { kind: 'never' } });
    const plugged = await bus.plug(first, { product: 'Blue key' });
    const [blue] = await service.ready(1);
    await bus.plug(new VirtualToken({ profile: profile('fido2.0') }), { product: 'Red key' });
    await service.ready(2);
    const touch = service.next((message) => (message.kind === 'prompt' && message.prompt?.kind === 'touch' ? true : undefined));
    const running = service.call('register', { tokenId: blue?.id ?? '', origin: ORIGIN, options: creation() });
    await touch;
    await plugged.unplug();
    expect(await running).toMatchObject({ ok: false, code: 'token.gone' });
    const [left] = await service.ready(1);
    expect(left?.product).toBe('Red key');
  });

  it('may be pulled out at every packet of a registration', async () => {
    bus = createBus();
    const service = new UsbService(20);
    for (let at = 0; at < 14; at++) {
      const token = new VirtualToken();
      await bus.plug(token, { product: `Packet ${at}` });
      const [ready] = await service.ready(1);
      token.arm({ at, fault: { kind: 'unplug' } });
      expect(await service.call('register', { tokenId: ready?.id ?? '', origin: ORIGIN, options: creation() })).toMatchObject({
        ok: false,
        code: 'token.gone',
      });
      await service.until((tokens) => tokens.length === 0);
    }
    expect(child.exitCode).toBe(null);
  });

  it('survive being pulled out again and again', async () => {
    bus = createBus();
    const service = new UsbService(20);
    const token = new VirtualToken({ touch: { kind: 'never' } });
    for (let cycle = 0; cycle < 40; cycle++) {
      const plugged = await bus.plug(token, { product: `Cycle ${cycle}` });
      const [ready] = await service.ready(1);
      const touch = service.next((message) => (message.kind === 'prompt' && message.prompt?.kind === 'touch' ? true : undefined));
      const running = service.call('register', { tokenId: ready?.id ?? '', origin: ORIGIN, options: creation() });
      // Sometimes before the first packet, sometimes while the token waits.
      if (cycle % 2 === 0) await touch;
      await plugged.unplug();
      expect(await running).toMatchObject({ ok: false, code: 'token.gone' });
      await service.until((tokens) => tokens.length === 0);
    }
    expect(child.exitCode).toBe(null);
  });
});
