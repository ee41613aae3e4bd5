/** A plugged-in token with its channel open and its getInfo read: what the flows work on. */
import { DoorstepError } from '../../contract/errors.ts';
import type { TokenSource } from '../../contract/tokens.ts';
import { getVersion, U2F_VERSION } from '../ctap1/version.ts';
import { unwrap } from '../ctap2/command.ts';
import { type AuthenticatorInfo, getInfo } from '../ctap2/get-info.ts';
import { choosePinProtocol, type PinProtocol } from '../ctap2/pin-protocol.ts';
import type { Link } from '../link.ts';

export interface TokenIdentity {
  readonly id: string;
  readonly source: TokenSource;
  readonly product: string;
  readonly manufacturer: string;
  readonly serial: string | null;
}

/** PIN tries as last heard from the token. */
export interface KnownRetries {
  readonly retries: number;
  readonly lockedUntilReplug: boolean;
  /** Other programs' reports that had been heard before: any since may stand for a try that they have used up. */
  readonly foreign: number;
}

/** What is sure of a token's getInfo after a command, without reading it again. */
export interface Consequences {
  /** Values for those of these options that the token has. */
  readonly options?: Readonly<Record<string, boolean>>;
  readonly passkeysLeft?: 'unknown';
}

export class SessionToken {
  readonly identity: TokenIdentity;
  readonly link: Link;
  known: KnownRetries | undefined;
  #outdated = false;
  #info: AuthenticatorInfo | null;

  private constructor(identity: TokenIdentity, link: Link, info: AuthenticatorInfo | null) {
    this.identity = identity;
    this.link = link;
    this.#info = info;
  }

  /** Reads getInfo, or the U2F version of a token that speaks CTAP1 alone. Throws `token.unsupported` for one that speaks neither. */
  static async open(identity: TokenIdentity, link: Link): Promise<SessionToken> {
    if (link.capabilities.cbor) return new SessionToken(identity, link, unwrap(await getInfo(link)));
    if (link.capabilities.msg && (await getVersion(link)) === U2F_VERSION) return new SessionToken(identity, link, null);
    throw new DoorstepError('token.unsupported', { reason: 'no-fido' });
  }

  get id(): string {
    return this.identity.id;
  }

  /** getInfo of a CTAP2 token, null for one that speaks U2F alone. Kept until `refresh`. */
  get info(): AuthenticatorInfo | null {
    return this.#info;
  }

  /** getInfo; throws `token.unsupported` for a U2F token. */
  get ctap2(): AuthenticatorInfo {
    if (this.#info === null) throw new DoorstepError('token.unsupported', { reason: 'u2f' });
    return this.#info;
  }

  /** Three-state option of getInfo: undefined unsupported, false not set up, true set up. */
  option(name: string): boolean | undefined {
    return this.#info?.options.get(name);
  }

  /** Throws `token.unsupported` where the token has no PIN protocol that we speak. */
  get pinProtocol(): PinProtocol {
    const protocol = choosePinProtocol(this.ctap2.pinUvAuthProtocols);
    if (protocol === undefined) throw new DoorstepError('token.unsupported', { reason: 'pin-protocol' });
    return protocol;
  }

  /** Tries left, or null where nothing is known or another program has used the token since. */
  get retries(): number | null {
    return this.known !== undefined && this.known.foreign === this.link.packets.foreign ? this.known.retries : null;
  }

  /** Something was done that changes more of getInfo than is sure: `refreshAfter` is due before the next call. */
  get outdated(): boolean {
    return this.#outdated;
  }

  /**
   * After a command that changes getInfo. It is not read again here: the person has what they asked for, and the rest is
   * read while nobody waits.
   */
  changed({ options = {}, passkeysLeft }: Consequences): void {
    if (this.#info === null) return;
    const merged = new Map([...this.#info.options].map(([name, value]) => [name, options[name] ?? value]));
    this.#info = {
      ...this.#info,
      options: merged,
      // Only a PIN of the old rules is to be changed, and with each of these commands that one is gone.
      forcePinChange: options['clientPin'] === undefined && this.#info.forcePinChange,
      ...(passkeysLeft === 'unknown' ? { remainingDiscoverableCredentials: undefined } : {}),
    };
    this.#outdated = true;
  }

  /** Reads getInfo again, after something that changes it: a PIN set, a reset, a setting. */
  async refresh(): Promise<void> {
    if (this.#info === null) return;
    this.#info = unwrap(await getInfo(this.link));
    this.#outdated = false;
  }

  /**
   * The same after something that has been done: that getInfo could not be read (some tokens leave the bus when they were
   * reset) does not undo it.
   */
  async refreshAfter(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      if (!(error instanceof DoorstepError)) throw error;
      this.#outdated = false;
    }
  }
}
