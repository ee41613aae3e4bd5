import { type Clock, realClock } from './clock.ts';
import { runCtap1 } from './ctap1.ts';
import { runCtap2 } from './ctap2/authenticator.ts';
import { Body, type Sensor } from './ctap2/body.ts';
import { HidDevice } from './ctaphid/device.ts';
import { Pipe } from './ctaphid/pipe.ts';
import type { ScriptedFault } from './faults.ts';
import { Presence, type TouchScript } from './presence.ts';
import { PROFILES, type Profile } from './profile.ts';
import { freshState, type TokenState } from './state.ts';

export interface TokenOptions {
  /** Default: the profile `full`. */
  readonly profile?: Profile;
  /** Default: touched at once. */
  readonly touch?: TouchScript;
  readonly clock?: Clock;
  /** What the token keeps; default: fresh from the factory. */
  readonly state?: TokenState;
  /** Called after each change of what the token keeps. */
  readonly onSave?: (state: TokenState) => void;
}

/** Packets since the token was made. `keepalives` are among `toHost`. */
export interface PacketCounts {
  readonly fromHost: number;
  readonly toHost: number;
  readonly keepalives: number;
}

/**
 * A virtual USB security key at the level of 64-byte reports: `receive` takes an output report, `subscribe` gives
 * the input reports. It is plugged in from the start.
 *
 * @example
 * const token = new VirtualToken({ profile: profile('full'), touch: { kind: 'by-hand' } });
 * const stop = token.subscribe((report) => host.take(report));
 * token.receive(report);
 * token.touch();
 */
export class VirtualToken {
  readonly profile: Profile;
  readonly #body: Body;
  readonly #presence: Presence;
  readonly #hid: HidDevice;
  readonly #pipe: Pipe;
  readonly #reports = new Set<(report: Buffer) => void>();
  readonly #plugs = new Set<(pluggedIn: boolean) => void>();
  #pluggedIn = true;
  #fromHost = 0;
  #winks = 0;

  constructor(options: TokenOptions = {}) {
    const clock = options.clock ?? realClock;
    this.profile = options.profile ?? PROFILES.full;
    this.#presence = new Presence(clock, options.touch ?? { kind: 'automatic' });
    this.#body = new Body(this.profile, clock, this.#presence, options.state ?? freshState(this.profile), () =>
      options.onSave?.(this.#body.state),
    );
    this.#pipe = new Pipe(
      clock,
      (packet) => {
        for (const listener of this.#reports) listener(packet);
      },
      () => this.unplug(),
    );
    const { ctap2, u2f, wink } = this.profile;
    const application = {
      cbor: ctap2 ? (request: Uint8Array, signal: AbortSignal) => runCtap2(this.#body, request, signal) : undefined,
      msg: u2f ? (apdu: Uint8Array) => runCtap1(this.#body, apdu) : undefined,
      wink: wink
        ? () => {
            this.#winks += 1;
          }
        : undefined,
      wantsTouch: () => this.#presence.wanted,
    };
    this.#hid = new HidDevice(clock, this.profile.timings, application, this.#pipe);
  }

  /** Takes one output report: 64 bytes, no report number. Lost where the token is not plugged in. */
  receive(report: Uint8Array): void {
    if (!this.#pluggedIn) return;
    this.#fromHost += 1;
    this.#hid.receive(report);
  }

  /** Calls `listener` with each input report; returns the unsubscribe. */
  subscribe(listener: (report: Buffer) => void): () => void {
    this.#reports.add(listener);
    return () => {
      this.#reports.delete(listener);
    };
  }

  /** Touches the token; false where nothing asked for it. */
  touch(): boolean {
    return this.#presence.touch();
  }

  get wantsTouch(): boolean {
    return this.#presence.wanted;
  }

  /** Called when `wantsTouch` may have changed; returns the unsubscribe. */
  onTouchWanted(listener: () => void): () => void {
    return this.#presence.subscribe(listener);
  }

  set touchScript(script: TouchScript) {
    this.#presence.script = script;
  }

  get pluggedIn(): boolean {
    return this.#pluggedIn;
  }

  /** Loses power: channels, tokens and waits are gone; what the token keeps stays. */
  unplug(): void {
    if (!this.#pluggedIn) return;
    this.#pluggedIn = false;
    this.#hid.reset();
    this.#presence.forget();
    for (const listener of this.#plugs) listener(false);
  }

  plugIn(): void {
    if (this.#pluggedIn) return;
    this.#pluggedIn = true;
    this.#body.powerCycle();
    for (const listener of this.#plugs) listener(true);
  }

  /** Called at each unplug and plug-in; returns the unsubscribe. */
  onPlug(listener: (pluggedIn: boolean) => void): () => void {
    this.#plugs.add(listener);
    return () => {
      this.#plugs.delete(listener);
    };
  }

  /** Sets the script of faults; packets to the host are counted anew from 0. */
  arm(...faults: ScriptedFault[]): void {
    this.#pipe.arm(faults);
  }

  /** Faults of the script that have not happened yet. */
  get armed(): readonly ScriptedFault[] {
    return this.#pipe.armed;
  }

  get packets(): PacketCounts {
    return { fromHost: this.#fromHost, toHost: this.#pipe.sent, keepalives: this.#pipe.keepalives };
  }

  /** How often the token was asked to blink. */
  get winks(): number {
    return this.#winks;
  }

  /** The simulated fingerprint sensor. */
  get sensor(): Sensor {
    return this.#body.sensor;
  }

  /** What the token keeps, for a test to look at. */
  get state(): TokenState {
    return this.#body.state;
  }
}
