/** authenticatorConfig (CTAP 2.1 section 6.11). */
import { concat } from '../bytes.ts';
import type { CallOptions, Link } from '../link.ts';
import { type CborMap, cborMap, encodeCbor } from './cbor.ts';
import { type Answer, COMMAND, sendAs } from './command.ts';

const SUB = { enableEnterpriseAttestation: 0x01, toggleAlwaysUv: 0x02, setMinPinLength: 0x03 } as const;

/** A pinUvAuthToken with the permission acfg; absent on a token that is not protected. */
export interface ConfigProof {
  readonly protocol: number;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** What pinUvAuthParam covers (section 6.11, "verify"): 32 bytes 0xFF, the command, the subcommand, its parameters. */
export function configMessage(subCommand: number, parameters: CborMap | undefined): Uint8Array {
  const head = concat(new Uint8Array(32).fill(0xff), Uint8Array.of(COMMAND.authenticatorConfig, subCommand));
  return parameters === undefined ? head : concat(head, encodeCbor(parameters));
}

function configure(
  link: Link,
  subCommand: number,
  parameters: CborMap | undefined,
  proof: ConfigProof | undefined,
  options: CallOptions,
): Promise<Answer<null>> {
  const request = cborMap([
    [1, subCommand],
    [2, parameters],
    [3, proof?.protocol],
    [4, proof?.sign(configMessage(subCommand, parameters))],
  ]);
  return sendAs(link, COMMAND.authenticatorConfig, request, () => null, options);
}

export function enableEnterpriseAttestation(link: Link, proof: ConfigProof | undefined, options: CallOptions = {}): Promise<Answer<null>> {
  return configure(link, SUB.enableEnterpriseAttestation, undefined, proof, options);
}

export function toggleAlwaysUv(link: Link, proof: ConfigProof | undefined, options: CallOptions = {}): Promise<Answer<null>> {
  return configure(link, SUB.toggleAlwaysUv, undefined, proof, options);
}

export interface MinPinLength {
  /** Code points; can only be raised, and only a reset takes it back. */
  readonly newMinPinLength?: number;
  /** Relying parties that may ask for the length. */
  readonly rpIds?: readonly string[];
  readonly forceChangePin?: boolean;
}

export function setMinPinLength(
  link: Link,
  setting: MinPinLength,
  proof: ConfigProof | undefined,
  options: CallOptions = {},
): Promise<Answer<null>> {
  const parameters = cborMap([
    [1, setting.newMinPinLength],
    [2, setting.rpIds],
    [3, setting.forceChangePin],
  ]);
  return configure(link, SUB.setMinPinLength, parameters, proof, options);
}
