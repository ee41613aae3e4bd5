/** The tokens that are plugged in: found by the sources, opened once, kept open until they are pulled out. */
import { randomBytes } from 'node:crypto';
import { DoorstepError, type ErrorCode } from '../contract/errors.ts';
import type { TokenSummary } from '../contract/tokens.ts';
import { hex } from './bytes.ts';
import { type Clock, pause } from './clock.ts';
import { openChannel } from './ctaphid/channel.ts';
import type { DeviceSource, DeviceWatch, FoundDevice } from './hid/source.ts';
import type { ReportPipe } from './link.ts';
import { shownText } from './session/shown-text.ts';
import { summaryOf, unreadSummary } from './session/summary.ts';
import { SessionToken } from './session/token.ts';

/**
 * A node is often there before udev has given it to the person, and another program may hold the token for a while:
 * these are tried again after so many milliseconds, the last one over and over.
 */
const RETRY_MS = [300, 1_000, 3_000, 10_000] as const;
const WORTH_RETRYING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['token.no-permission', 'token.busy', 'token.gone', 'token.timeout']);

/** Another program's reports come in bursts: what they change in the list is told so many milliseconds after the first. */
const FOREIGN_MS = 300;

/** Opening a device is up to its driver; no driver may hold up the list. */
const OPEN_MS = 10_000;

interface Entry {
  readonly device: FoundDevice;
  readonly sourceIndex: number;
  readonly gone: AbortController;
  state:
    | { readonly kind: 'opening' }
    | { readonly kind: 'ready'; readonly token: SessionToken }
    | { readonly kind: 'failed'; readonly code: ErrorCode };
  readonly identity: SessionToken['identity'];
}

export interface RosterOptions {
  readonly sources: readonly DeviceSource[];
  readonly clock: Clock;
  /** Called at each change with what the windows see. */
  readonly onChange: (tokens: readonly TokenSummary[]) => void;
  /** Called once for each token that can be used from now on. */
  readonly onReady: (token: SessionToken) => void;
}

export class Roster {
  readonly #options: RosterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #watches: DeviceWatch[] = [];
  readonly #waiting = new Set<() => void>();
  #told = '';
  #tellingSoon = false;
  #stopped = false;

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.sources.forEach((source, index) => {
      this.#watches.push(source.watch((devices) => this.#listed(index, devices)));
    });
  }

  /** Somebody waits for a token: the sources look often for a while. */
  hurry(): void {
    for (const watch of this.#watches) watch.hurry();
  }

  /** Lets go of every token. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const watch of this.#watches) watch.stop();
    await Promise.all([...this.#entries.keys()].map((id) => this.#drop(id)));
  }

  summaries(): readonly TokenSummary[] {
    return [...this.#entries.values()].flatMap(shown);
  }

  /** Tokens that can be used now. */
  ready(): readonly SessionToken[] {
    return [...this.#entries.values()].flatMap(({ state }) => (state.kind === 'ready' ? [state.token] : []));
  }

  get opening(): boolean {
    return [...this.#entries.values()].some(({ state }) => state.kind === 'opening');
  }

  /** Why the tokens that are there cannot be used; empty where they can. */
  failures(): readonly ErrorCode[] {
    return [...this.#entries.values()].flatMap(({ state }) => (state.kind === 'failed' ? [state.code] : []));
  }

  /** How many devices are plugged in, usable or not. */
  get size(): number {
    return this.#entries.size;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** A signal that aborts with `token.gone` when the token is pulled out. */
  goneSignal(id: string): AbortSignal {
    return this.#entries.get(id)?.gone.signal ?? AbortSignal.abort(new DoorstepError('token.gone'));
  }

  /** Resolves at the next change, or when `signal` aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  /** Resolves when `holds` does. Throws the reason of `signal`, or `token.canceled`. */
  async until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    while (!holds()) {
      if (signal.aborted) throw signal.reason instanceof DoorstepError ? signal.reason : new DoorstepError('token.canceled');
      await this.changed(signal);
    }
  }

  /** Waits until an opening token is ready. Throws `token.gone`, or what it failed with. */
  async usable(id: string, signal: AbortSignal): Promise<SessionToken> {
    await this.until(() => this.#entries.get(id)?.state.kind !== 'opening', signal);
    const state = this.#entries.get(id)?.state;
    if (state?.kind === 'ready') return state.token;
    throw new DoorstepError(state?.kind === 'failed' ? state.code : 'token.gone');
  }

  /** Tells of a token whose summary may have changed by a call. */
  touched(): void {
    this.#tell();
  }

  #tell(): void {
    for (const wake of [...this.#waiting]) wake();
    if (this.#stopped) return;
    const summaries = this.summaries();
    const text = JSON.stringify(summaries);
    if (text === this.#told) return;
    this.#told = text;
    this.#options.onChange(summaries);
  }

  #tellSoon(): void {
    if (this.#tellingSoon) return;
    this.#tellingSoon = true;
    this.#options.clock.after(FOREIGN_MS, () => {
      this.#tellingSoon = false;
      this.#tell();
    });
  }

  #listed(sourceIndex: number, devices: readonly FoundDevice[]): void {
    if (this.#stopped) return;
    const keys = new Set(devices.map(({ key }) => key));
    const known = new Set<string>();
    for (const [id, entry] of this.#entries) {
      if (entry.sourceIndex !== sourceIndex) continue;
      if (keys.has(entry.device.key)) known.add(entry.device.key);
      else void this.#drop(id);
    }
    for (const device of devices) if (!known.has(device.key)) this.#add(sourceIndex, device);
    this.#tell();
  }

  #add(sourceIndex: number, device: FoundDevice): void {
    const { source } = device;
    const product = shownText(device.product);
    const manufacturer = shownText(device.manufacturer);
    const serial = device.serial === null ? null : shownText(device.serial);
    // Not a counter: after a restart of this process an old id must not name another token.
    const id = `${source}-${hex(randomBytes(6))}`;
    const entry: Entry = {
      device,
      sourceIndex,
      gone: new AbortController(),
      state: { kind: 'opening' },
      identity: { id, source, product, manufacturer, serial },
    };
    this.#entries.set(id, entry);
    void this.#keepOpening(entry);
  }

  async #keepOpening(entry: Entry): Promise<void> {
    const { clock } = this.#options;
    for (let attempt = 0; !entry.gone.signal.aborted; attempt++) {
      const code = await this.#open(entry);
      if (code === null || entry.gone.signal.aborted) return;
      entry.state = { kind: 'failed', code };
      this.#tell();
      if (!WORTH_RETRYING.has(code)) return;
      await pause(clock, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 10_000, entry.gone.signal);
    }
  }

  /** Null when the token is ready. */
  async #open(entry: Entry): Promise<ErrorCode | null> {
    try {
      const pipe = await within(this.#options.clock, OPEN_MS, entry.device.open());
      let token: SessionToken;
      try {
        const link = await openChannel(pipe, { clock: this.#options.clock, onForeign: () => this.#tellSoon() });
        token = await SessionToken.open(entry.identity, link);
        if (entry.gone.signal.aborted) throw new DoorstepError('token.gone');
        entry.state = { kind: 'ready', token };
      } catch (error) {
        await pipe.close();
        throw error;
      }
      pipe.onClosed(() => this.#pulled(entry));
      this.#tell();
      this.#options.onReady(token);
      return null;
    } catch (error) {
      return error instanceof DoorstepError ? error.code : 'internal';
    }
  }

  /** The device broke off by itself. If the next look still lists it, it is a new one in the same place. */
  #pulled(entry: Entry): void {
    if (!this.#entries.has(entry.identity.id)) return;
    void this.#drop(entry.identity.id);
    this.#tell();
    void this.#lookAgain(entry);
  }

  async #lookAgain(entry: Entry): Promise<void> {
    const { clock } = this.#options;
    const watch = this.#watches[entry.sourceIndex];
    // The system needs a moment to take the device off its list.
    await pause(clock, RETRY_MS[0]);
    if (watch !== undefined) this.#listed(entry.sourceIndex, await watch.refresh());
  }

  async #drop(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.gone.abort(new DoorstepError('token.gone'));
    if (entry.state.kind === 'ready') await entry.state.token.link.close();
  }
}

/** Throws `token.timeout` where the device does not open in time; one that opens too late is closed again. */
async function within(clock: Clock, ms: number, opening: Promise<ReportPipe>): Promise<ReportPipe> {
  return new Promise((resolve, reject) => {
    let late = false;
    const stopTimer = clock.after(ms, () => {
      late = true;
      reject(new DoorstepError('token.timeout', { reason: 'open' }));
    });
    opening.then(
      (pipe) => {
        stopTimer();
        if (late) void pipe.close();
        else resolve(pipe);
      },
      (error: unknown) => {
        stopTimer();
        reject(error);
      },
    );
  });
}

function shown({ state, identity }: Entry): readonly TokenSummary[] {
  switch (state.kind) {
    case 'ready':
      return [summaryOf(state.token)];
    case 'opening':
      return [unreadSummary(identity, null)];
    case 'failed':
      // Still on the system's list but no longer there: nothing that anybody should see.
      return state.code === 'token.gone' ? [] : [unreadSummary(identity, state.code)];
  }
}
