/**
 * `otpauth://` links: "Key Uri Format" of the google-authenticator wiki, the only description that there is.
 * `otpauth://totp/ISSUER:ACCOUNT?secret=BASE32&issuer=ISSUER&algorithm=SHA1&digits=6&period=30`, or `hotp` with `counter`.
 */
import type { CodeAlgorithm } from '../contract/http/shapes.ts';
import { decodeBase32, encodeBase32 } from './base32.ts';
import type { Digits } from './form.ts';
import { checkKey, checkPeriod, malformed, type Seed, shownName, unsupported } from './seed.ts';

const LINK = /^otpauth:\/\/([^/?#]*)\/([^?#]*)(?:\?([^#]*))?(?:#.*)?$/i;
const DEFAULT_PERIOD = 30;

export function isOtpauth(text: string): boolean {
  return /^otpauth:\/\//i.test(text.trim());
}

/**
 * Reads a link. Members that are not given are SHA1, 6 digits, 30 s and counter 0, as every app takes them.
 * @throws DoorstepError seed.malformed or seed.unsupported, whose detail says which part
 */
export function parseOtpauth(link: string): Seed {
  const [, kind, label, query] = LINK.exec(link.trim()) ?? [];
  if (kind === undefined || label === undefined) throw malformed('link');
  const members = readQuery(query ?? '');
  const named = readLabel(unescaped(label), members.get('issuer') ?? '');
  const form = {
    key: checkKey(decodeBase32(members.get('secret') ?? '')),
    algorithm: readAlgorithm(members.get('algorithm') ?? ''),
    digits: readDigits(members.get('digits') ?? ''),
  };
  switch (kind.toLowerCase()) {
    case 'totp':
      return { kind: 'totp', ...named, ...form, period: readPeriod(members.get('period') ?? ''), counter: null };
    case 'hotp':
      return { kind: 'hotp', ...named, ...form, period: null, counter: readCounter(members.get('counter') ?? '') };
    default:
      throw malformed('kind');
  }
}

/** The link of a seed, with every member said, since apps differ in what they assume. */
export function buildOtpauth(seed: Seed): string {
  const colon = seed.issuer !== '' || seed.account.includes(':');
  const label = colon ? `${escaped(seed.issuer)}:${escaped(seed.account)}` : escaped(seed.account);
  const members = [
    `secret=${encodeBase32(seed.key)}`,
    ...(seed.issuer === '' ? [] : [`issuer=${escaped(seed.issuer)}`]),
    `algorithm=${seed.algorithm}`,
    `digits=${seed.digits}`,
    seed.kind === 'totp' ? `period=${seed.period}` : `counter=${seed.counter}`,
  ];
  // The colon stands bare between the two: some apps look for it before they unescape.
  return `otpauth://${seed.kind}/${label}?${members.join('&')}`;
}

function readQuery(query: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = unescaped(equals < 0 ? part : part.slice(0, equals)).toLowerCase();
    // In a query a plus sign is a space (WHATWG URL, application/x-www-form-urlencoded).
    const value = equals < 0 ? '' : unescaped(part.slice(equals + 1).replaceAll('+', ' '));
    // Two secrets, or two of anything: which one is meant is not for us to say.
    if (members.has(name)) throw malformed('twice');
    members.set(name, value);
  }
  return members;
}

/** The member `issuer` names the issuer; the prefix of the label does where there is none. */
function readLabel(label: string, member: string): { readonly issuer: string; readonly account: string } {
  const issuer = shownName(member);
  const shown = shownName(label);
  // An issuer may have a colon of its own.
  if (issuer !== '' && shown.startsWith(`${issuer}:`)) return { issuer, account: shownName(shown.slice(issuer.length + 1)) };
  const colon = label.indexOf(':');
  const prefix = shownName(colon < 0 ? '' : label.slice(0, colon));
  return { issuer: issuer === '' ? prefix : issuer, account: shownName(label.slice(colon + 1)) };
}

function readAlgorithm(given: string): CodeAlgorithm {
  const name = given.toUpperCase().replace(/^HMAC/, '').replaceAll('-', '').trim();
  if (name === '') return 'SHA1';
  if (name === 'SHA1' || name === 'SHA256' || name === 'SHA512') return name;
  throw unsupported('algorithm', given);
}

function readDigits(given: string): Digits {
  if (given === '' || given === '6') return 6;
  if (given === '8') return 8;
  throw unsupported('digits', given);
}

function readPeriod(given: string): number {
  if (given === '') return DEFAULT_PERIOD;
  return checkPeriod(/^[0-9]{1,9}$/.test(given) ? Number(given) : Number.NaN, given);
}

function readCounter(given: string): number {
  if (given === '') return 0;
  const counter = /^[0-9]{1,19}$/.test(given) ? Number(given) : Number.NaN;
  if (!Number.isSafeInteger(counter)) throw malformed('counter');
  return counter;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed('escape');
  }
}

/** Unpaired surrogates cannot be written in a link; names from outside have none (`shownName`). */
function escaped(text: string): string {
  return encodeURIComponent(text);
}
