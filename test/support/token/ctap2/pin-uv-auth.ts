import type { Clock } from '../clock.ts';
import type { PinProtocol } from '../crypto/pin-protocol.ts';
import type { Timings } from '../profile.ts';
import { Status, StatusError } from '../status.ts';

/** Permission bits (CTAP 2.1, 6.5.5.7). */
export const Permission = { mc: 0x01, ga: 0x02, cm: 0x04, be: 0x08, lbw: 0x10, acfg: 0x20 } as const;

interface Use {
  permissions: number;
  rpId: string | null;
  present: boolean;
  verified: boolean;
  readonly since: number;
  used: boolean;
}

/** The state of the pinUvAuthToken (CTAP 2.1, 6.5.2.1). */
export class PinUvAuth {
  readonly #clock: Clock;
  readonly #timings: Timings;
  readonly #lasting: boolean;
  #use: Use | null = null;

  /** `lasting`: the pinToken of CTAP 2.0, which serves until power is gone or the next one is issued. */
  constructor(clock: Clock, timings: Timings, lasting: boolean) {
    this.#clock = clock;
    this.#timings = timings;
    this.#lasting = lasting;
  }

  begin(permissions: number, rpId: string | null, userIsPresent: boolean): void {
    this.#use = { permissions, rpId, present: userIsPresent, verified: true, since: this.#clock.now(), used: false };
  }

  stop(): void {
    this.#use = null;
  }

  /**
   * Checks a pinUvAuthParam with everything that depends on the token: in use, not too old, the permission, the
   * relying party. `rpId` null: the command is about no single relying party, and a bound token does not serve.
   * @throws StatusError PIN_AUTH_INVALID
   */
  check(protocol: PinProtocol, message: Uint8Array, mac: Uint8Array, permission: number, rpId: string | null | 'any'): void {
    const use = this.#current();
    const good = use !== null && protocol.verify(protocol.token, message, mac) && (use.permissions & permission) !== 0;
    if (!good) throw new StatusError(Status.PIN_AUTH_INVALID);
    if (rpId === null && use.rpId !== null) throw new StatusError(Status.PIN_AUTH_INVALID);
    if (rpId !== null && rpId !== 'any' && use.rpId !== null && use.rpId !== rpId) throw new StatusError(Status.PIN_AUTH_INVALID);
    use.used = true;
  }

  /** Binds an unbound token to the first relying party that it is used for. */
  bind(rpId: string): void {
    if (this.#use !== null && this.#use.rpId === null && !this.#lasting) this.#use.rpId = rpId;
  }

  /** The RP ID that the token is bound to, or null. */
  get rpId(): string | null {
    return this.#use?.rpId ?? null;
  }

  get verified(): boolean {
    return this.#current()?.verified ?? false;
  }

  /** Whether getting the token was itself a touch, as with a fingerprint. */
  get present(): boolean {
    return this.#current()?.present ?? false;
  }

  /** A touch was used up: clearUserPresentFlag, clearUserVerifiedFlag, clearPinUvAuthTokenPermissionsExceptLbw. */
  consume(): void {
    if (this.#use === null || this.#lasting) return;
    this.#use.present = false;
    this.#use.verified = false;
    this.#use.permissions &= Permission.lbw;
  }

  #current(): Use | null {
    const use = this.#use;
    if (use === null || this.#lasting) return use;
    const age = this.#clock.now() - use.since;
    if (age > this.#timings.pinTokenMax || (!use.used && age > this.#timings.pinTokenInitial)) this.#use = null;
    return this.#use;
  }
}
