/** authenticatorBioEnrollment (CTAP 2.1 section 6.7), and the same under its preview byte on FIDO_2_1_PRE tokens. */
import { concat } from '../bytes.ts';
import type { CallOptions, Link } from '../link.ts';
import { type CborMap, cborMap, encodeCbor, isCborMap } from './cbor.ts';
import { type Answer, COMMAND, sendAs } from './command.ts';
import { bytesAt, countAt, listOf, must, textAt } from './fields.ts';
import { STATUS } from './status.ts';

const FINGERPRINT = 0x01;
const SUB = {
  enrollBegin: 0x01,
  enrollCaptureNextSample: 0x02,
  cancelCurrentEnrollment: 0x03,
  enumerateEnrollments: 0x04,
  setFriendlyName: 0x05,
  removeEnrollment: 0x06,
  getFingerprintSensorInfo: 0x07,
} as const;

/** lastEnrollSampleStatus (section 6.7.4): everything but `good` says what the finger should do otherwise. */
export const SAMPLE = {
  good: 0x00,
  tooHigh: 0x01,
  tooLow: 0x02,
  tooLeft: 0x03,
  tooRight: 0x04,
  tooFast: 0x05,
  tooSlow: 0x06,
  poorQuality: 0x07,
  tooSkewed: 0x08,
  tooShort: 0x09,
  mergeFailure: 0x0a,
  exists: 0x0b,
  databaseFull: 0x0c,
  noActivity: 0x0d,
  noPresenceTransition: 0x0e,
} as const;

/** How to speak with one token: by which command, and with which pinUvAuthToken (permission be). */
export interface BioManager {
  readonly link: Link;
  readonly preview: boolean;
  readonly protocol: number;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export interface SensorInfo {
  /** 1 touch, 2 swipe. */
  readonly fingerprintKind: number;
  readonly maxCaptureSamples: number;
  readonly maxTemplateFriendlyName: number | undefined;
}

export interface Sample {
  readonly templateId: Uint8Array | undefined;
  /** A value of `SAMPLE`, or one that is not known here. */
  readonly status: number;
  readonly remaining: number;
}

export interface Template {
  readonly templateId: Uint8Array;
  readonly friendlyName: string;
}

/** What pinUvAuthParam covers (section 6.7.4): modality, subcommand and its parameters. */
export function bioMessage(subCommand: number, parameters: CborMap | undefined): Uint8Array {
  const head = Uint8Array.of(FINGERPRINT, subCommand);
  return parameters === undefined ? head : concat(head, encodeCbor(parameters));
}

function command(preview: boolean): number {
  return preview ? COMMAND.bioEnrollmentPreview : COMMAND.bioEnrollment;
}

function manage<T>(
  manager: BioManager,
  subCommand: number,
  parameters: CborMap | undefined,
  decode: (answer: CborMap) => T,
  options: CallOptions,
): Promise<Answer<T>> {
  const request = cborMap([
    [1, FINGERPRINT],
    [2, subCommand],
    [3, parameters],
    [4, manager.protocol],
    [5, manager.sign(bioMessage(subCommand, parameters))],
  ]);
  return sendAs(manager.link, command(manager.preview), request, decode, options);
}

/** Needs no proof. */
export function getSensorInfo(link: Link, preview: boolean, options: CallOptions = {}): Promise<Answer<SensorInfo>> {
  const request = cborMap([
    [1, FINGERPRINT],
    [2, SUB.getFingerprintSensorInfo],
  ]);
  const decode = (map: CborMap) => ({
    fingerprintKind: must(countAt(map, 2), 2),
    maxCaptureSamples: must(countAt(map, 3), 3),
    maxTemplateFriendlyName: countAt(map, 8),
  });
  return sendAs(link, command(preview), request, decode, options);
}

function decodeSample(map: CborMap): Sample {
  return { templateId: bytesAt(map, 4), status: must(countAt(map, 5), 5), remaining: must(countAt(map, 6), 6) };
}

/** @param timeoutMs how long the token waits for the finger */
export function enrollBegin(manager: BioManager, timeoutMs: number, options: CallOptions = {}): Promise<Answer<Sample>> {
  return manage(manager, SUB.enrollBegin, cborMap([[3, timeoutMs]]), decodeSample, options);
}

export function enrollCaptureNextSample(
  manager: BioManager,
  templateId: Uint8Array,
  timeoutMs: number,
  options: CallOptions = {},
): Promise<Answer<Sample>> {
  const parameters = cborMap([
    [1, templateId],
    [3, timeoutMs],
  ]);
  return manage(manager, SUB.enrollCaptureNextSample, parameters, decodeSample, options);
}

/** Needs no proof. */
export function cancelCurrentEnrollment(link: Link, preview: boolean, options: CallOptions = {}): Promise<Answer<null>> {
  const request = cborMap([
    [1, FINGERPRINT],
    [2, SUB.cancelCurrentEnrollment],
  ]);
  return sendAs(link, command(preview), request, () => null, options);
}

/** An empty list where nothing is enrolled; tokens say that with a status. */
export async function enumerateEnrollments(manager: BioManager, options: CallOptions = {}): Promise<Answer<readonly Template[]>> {
  const decode = (map: CborMap) =>
    listOf(map, 7, (entry) =>
      isCborMap(entry) ? { templateId: must(bytesAt(entry, 1), 1), friendlyName: textAt(entry, 2) ?? '' } : undefined,
    ) ?? [];
  const answer = await manage(manager, SUB.enumerateEnrollments, undefined, decode, options);
  return !answer.ok && answer.status === STATUS.invalidOption ? { ok: true, value: [] } : answer;
}

export function setFriendlyName(manager: BioManager, template: Template, options: CallOptions = {}): Promise<Answer<null>> {
  const parameters = cborMap([
    [1, template.templateId],
    [2, template.friendlyName],
  ]);
  return manage(manager, SUB.setFriendlyName, parameters, () => null, options);
}

export function removeEnrollment(manager: BioManager, templateId: Uint8Array, options: CallOptions = {}): Promise<Answer<null>> {
  return manage(manager, SUB.removeEnrollment, cborMap([[1, templateId]]), () => null, options);
}
