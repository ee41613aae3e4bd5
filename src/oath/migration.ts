/**
 * `otpauth-migration://offline?data=…`: what Google Authenticator exports, one link a QR picture, many seeds a link.
 * `data` is base64 of a protobuf message; nobody has published its definition, so its fields stand here as the
 * exports show them.
 *
 * | message | fields |
 * |---|---|
 * | payload | 1 parameters (repeated), 2 version, 3 batch size, 4 batch index, 5 batch id |
 * | parameters | 1 secret, 2 name, 3 issuer, 4 algorithm (1 SHA-1, 2 SHA-256, 3 SHA-512, 4 MD5), 5 digits (1 six, 2 eight), 6 type (1 HOTP, 2 TOTP), 7 counter |
 */
import type { CodeAlgorithm } from '../contract/http/shapes.ts';
import { decodeBase64 } from './base64.ts';
import type { Digits } from './form.ts';
import { type Field, readFields, WireError } from './protobuf.ts';
import { checkKey, malformed, type Seed, shownName, unsupported } from './seed.ts';
import { decodeUtf8 } from './utf8.ts';

export interface MigrationPart {
  /** Which export it is a part of. */
  readonly batchId: number;
  /** From 0 to `of` - 1. */
  readonly index: number;
  readonly of: number;
  readonly seeds: readonly Seed[];
  /** Entries of a kind that no code can be given for, such as "Example (MD5)". */
  readonly refused: readonly string[];
}

/** An export has as many parts as it likes; more than these is no export. */
const MOST_PARTS = 100;
const LINK = /^otpauth-migration:\/\/offline\/?\?(.*)$/is;
/** The export has no period: every code of that app has 30 s. */
const PERIOD = 30;

export function isMigration(text: string): boolean {
  return /^otpauth-migration:\/\//i.test(text.trim());
}

/** @throws DoorstepError seed.malformed ('export' where the bytes make no sense) or seed.unsupported ('export-version') */
export function parseMigration(link: string): MigrationPart {
  const [, query] = LINK.exec(link.trim()) ?? [];
  const data = query?.split('&').find((member) => member.startsWith('data='));
  if (data === undefined) throw malformed('link');
  const bytes = decodeBase64(readData(data.slice('data='.length)));
  if (bytes === null || bytes.length === 0) throw malformed('export');
  try {
    return readPayload(readFields(bytes));
  } catch (error) {
    if (error instanceof WireError) throw malformed('export');
    throw error;
  }
}

/** A plus sign that came unescaped means itself: base64 has no spaces. */
function readData(text: string): string {
  try {
    return decodeURIComponent(text).replaceAll(' ', '+');
  } catch {
    throw malformed('escape');
  }
}

function readPayload(fields: readonly Field[]): MigrationPart {
  const version = number(fields, 2, 0);
  if (version > 2) throw unsupported('export-version', String(version));
  const of = Math.max(1, number(fields, 3, 1));
  const index = number(fields, 4, 0);
  if (of > MOST_PARTS || index < 0 || index >= of) throw malformed('export');
  const seeds: Seed[] = [];
  const refused: string[] = [];
  for (const field of fields) {
    if (field.number !== 1) continue;
    if (typeof field.value === 'bigint') throw malformed('export');
    const entry = readEntry(readFields(field.value));
    if (typeof entry === 'string') refused.push(entry);
    else seeds.push(entry);
  }
  return { batchId: number(fields, 5, 0), index, of, seeds, refused };
}

/** A seed, or what it is called and why it is none. */
function readEntry(fields: readonly Field[]): Seed | string {
  const named = readName(text(fields, 2), shownName(text(fields, 3)));
  const because = (reason: string) => `${[named.issuer, named.account].filter((part) => part !== '').join(', ')} (${reason})`.trim();
  const algorithm = ALGORITHMS[number(fields, 4, 0)];
  if (algorithm === undefined) return because(number(fields, 4, 0) === 4 ? 'MD5' : 'unknown algorithm');
  const digits = DIGITS[number(fields, 5, 0)];
  if (digits === undefined) return because('unknown digits');
  const key = checkKey(Uint8Array.from(bytes(fields, 1)));
  const seed = { ...named, key, algorithm, digits };
  switch (number(fields, 6, 0)) {
    case 1: {
      const counter = number(fields, 7, 0);
      if (counter < 0) throw malformed('counter');
      return { kind: 'hotp', ...seed, period: null, counter };
    }
    // 0 is what the first exports had, from when there was nothing but TOTP in practice.
    case 0:
    case 2:
      return { kind: 'totp', ...seed, period: PERIOD, counter: null };
    default:
      return because('unknown type');
  }
}

const ALGORITHMS: Readonly<Record<number, CodeAlgorithm>> = { 0: 'SHA1', 1: 'SHA1', 2: 'SHA256', 3: 'SHA512' };
const DIGITS: Readonly<Record<number, Digits>> = { 0: 6, 1: 6, 2: 8 };

/** The name may repeat the issuer: "Example:alice". */
function readName(name: string, issuer: string): { readonly issuer: string; readonly account: string } {
  const colon = name.indexOf(':');
  const prefix = colon < 0 ? '' : shownName(name.slice(0, colon));
  if (colon < 0 || (issuer !== '' && prefix !== issuer)) return { issuer, account: shownName(name) };
  return { issuer: prefix, account: shownName(name.slice(colon + 1)) };
}

/** The last of a field's values counts ("Encoding", protobuf.dev: last one wins). */
function last(fields: readonly Field[], wanted: number): Field['value'] | undefined {
  return fields.findLast((field) => field.number === wanted)?.value;
}

function number(fields: readonly Field[], wanted: number, without: number): number {
  const value = last(fields, wanted) ?? BigInt(without);
  if (typeof value !== 'bigint' || value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw malformed('export');
  }
  return Number(value);
}

function bytes(fields: readonly Field[], wanted: number): Uint8Array {
  const value = last(fields, wanted) ?? new Uint8Array();
  if (typeof value === 'bigint') throw malformed('export');
  return value;
}

function text(fields: readonly Field[], wanted: number): string {
  const decoded = decodeUtf8(bytes(fields, wanted));
  if (decoded === null) throw malformed('export');
  return decoded;
}
