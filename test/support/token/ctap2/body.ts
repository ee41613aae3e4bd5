import type { Clock } from '../clock.ts';
import { PinProtocol } from '../crypto/pin-protocol.ts';
import type { Presence } from '../presence.ts';
import type { Profile } from '../profile.ts';
import { MAX_UV_RETRIES, type StoredCredential, type TokenState } from '../state.ts';
import { Status, StatusError } from '../status.ts';
import { PinUvAuth } from './pin-uv-auth.ts';

/** How the simulated sensor finds the next finger. Sample statuses are those of authenticatorBioEnrollment. */
export interface Sensor {
  /** Whether the finger that touches is an enrolled one. */
  recognizes: boolean;
  /** Statuses of the next enrollment samples, first one first; 0x00 (good) once it is empty. */
  samples: number[];
}

/** A sequence that the next command may go on with: getNextAssertion, enumerate...Next. */
export type Stateful = { readonly kind: string; readonly items: unknown[]; expires: number };

/** Everything that the commands share: what the key is, keeps, and knows until power is gone. */
export class Body {
  readonly profile: Profile;
  readonly clock: Clock;
  readonly presence: Presence;
  readonly sensor: Sensor = { recognizes: true, samples: [] };
  state: TokenState;
  poweredAt: number;
  readonly protocols: readonly PinProtocol[];
  readonly auth: PinUvAuth;
  /** Wrong PINs since power-up; three lock the PIN until the next one. */
  pinMismatches = 0;
  stateful: Stateful | null = null;
  largeBlobWrite: { readonly length: number; readonly data: Buffer; filled: number } | null = null;
  enrollment: { readonly id: Buffer; remaining: number } | null = null;
  readonly #saved: () => void;

  constructor(profile: Profile, clock: Clock, presence: Presence, state: TokenState, saved: () => void) {
    this.profile = profile;
    this.clock = clock;
    this.presence = presence;
    this.state = state;
    this.poweredAt = clock.now();
    this.protocols = profile.pinProtocols.map((version) => new PinProtocol(version));
    this.auth = new PinUvAuth(clock, profile.timings, !profile.pinUvAuthToken);
    this.#saved = saved;
  }

  /** Loses and gets power again. */
  powerCycle(): void {
    this.poweredAt = this.clock.now();
    this.pinMismatches = 0;
    this.stateful = null;
    this.largeBlobWrite = null;
    this.enrollment = null;
    for (const protocol of this.protocols) protocol.regenerate();
    this.resetPinUvAuthTokens();
    this.presence.forget();
  }

  resetPinUvAuthTokens(): void {
    for (const protocol of this.protocols) protocol.resetToken();
    this.auth.stop();
  }

  /** To be called after each change of `state`. */
  save(): void {
    this.#saved();
  }

  /** @throws StatusError INVALID_PARAMETER */
  protocol(version: number): PinProtocol {
    const found = this.protocols.find((protocol) => protocol.version === version);
    if (found === undefined) throw new StatusError(Status.INVALID_PARAMETER);
    return found;
  }

  get hasSensor(): boolean {
    return this.profile.bio !== 'none';
  }

  /** "protected by some form of user verification" (CTAP 2.1, 6.1.2). */
  get protected(): boolean {
    return this.state.pin !== null || this.uvConfigured;
  }

  get uvConfigured(): boolean {
    return this.hasSensor && this.state.templates.length > 0;
  }

  /** Waits for the human. @throws StatusError USER_ACTION_TIMEOUT, KEEPALIVE_CANCEL */
  async touch(signal: AbortSignal): Promise<void> {
    const outcome = await this.presence.wait(signal, this.profile.timings.touch);
    if (outcome === 'canceled') throw new StatusError(Status.KEEPALIVE_CANCEL);
    if (outcome === 'timeout') throw new StatusError(Status.USER_ACTION_TIMEOUT);
  }

  /** User verification by the token's own sensor. A good finger is also a touch. @throws StatusError UV_INVALID, UV_BLOCKED */
  async verifyFinger(signal: AbortSignal): Promise<void> {
    if (this.state.uvRetries === 0) throw new StatusError(Status.UV_BLOCKED);
    await this.touch(signal);
    this.state.uvRetries = this.sensor.recognizes ? MAX_UV_RETRIES : this.state.uvRetries - 1;
    this.save();
    if (!this.sensor.recognizes) throw new StatusError(this.state.uvRetries === 0 ? Status.UV_BLOCKED : Status.UV_INVALID);
  }

  /** Credentials of a relying party that are kept on the token, newest first. */
  discoverable(rpIdHash: Uint8Array): StoredCredential[] {
    return this.state.credentials.filter((credential) => credential.rpIdHash.equals(rpIdHash)).reverse();
  }

  /** Starts a sequence of further answers. */
  remember(kind: string, items: unknown[]): void {
    this.stateful = { kind, items, expires: this.clock.now() + this.profile.timings.stateful };
  }

  /** The next item of the sequence `kind`. @throws StatusError NOT_ALLOWED where there is none, or it took too long. */
  next(kind: string): unknown {
    const sequence = this.stateful;
    if (sequence === null || sequence.kind !== kind || this.clock.now() > sequence.expires || sequence.items.length === 0) {
      throw new StatusError(Status.NOT_ALLOWED);
    }
    sequence.expires = this.clock.now() + this.profile.timings.stateful;
    return sequence.items.shift();
  }
}
