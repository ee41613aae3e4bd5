/** The file of an export: every code, sealed with a passphrase. `docs/export-format.md` describes it for other programs. */
import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { DoorstepError } from '../../contract/errors.ts';
import { buildOtpauth, parseOtpauth } from '../../oath/otpauth.ts';
import type { Seed } from '../../oath/seed.ts';

export interface ExportedCode {
  readonly seed: Seed;
  /** What the person calls it; may be empty. */
  readonly name: string;
}

export const LARGEST_EXPORT = 4 * 1024 * 1024;

const FORMAT = 'doorstep-codes';
const CIPHER = 'AES-256-GCM';
const TAG = 16;
/** 128 MiB and about half a second on an ordinary computer. */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;
/** What a file may ask of us: 256 MiB at most, whoever wrote it. */
const COSTS_ALLOWED = { N: [2 ** 15, 2 ** 16, 2 ** 17, 2 ** 18], r: [8], p: [1, 2] } as const;

interface Envelope {
  readonly kdf: { readonly N: number; readonly r: number; readonly p: number; readonly salt: Buffer };
  readonly nonce: Buffer;
  readonly sealed: Buffer;
}

/** @returns the text of the file */
export async function sealExport(codes: readonly ExportedCode[], passphrase: string): Promise<string> {
  const head = { kdf: { ...COST, salt: randomBytes(16) }, nonce: randomBytes(12) };
  const plain = JSON.stringify({ codes: codes.map(({ seed, name }) => ({ link: buildOtpauth(seed), name })) });
  const key = await keyOf(passphrase, head.kdf);
  const cipher = createCipheriv('aes-256-gcm', key, head.nonce, { authTagLength: TAG });
  cipher.setAAD(boundText(head));
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  key.fill(0);
  const { N, r, p, salt } = head.kdf;
  const file = {
    format: FORMAT,
    version: 1,
    kdf: { name: 'scrypt', N, r, p, salt: salt.toString('base64') },
    cipher: { name: CIPHER, nonce: head.nonce.toString('base64') },
    sealed: sealed.toString('base64'),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** @throws DoorstepError export.malformed, export.wrong-passphrase (also where the sealed bytes were changed) */
export async function openExport(text: string, passphrase: string): Promise<readonly ExportedCode[]> {
  const envelope = readEnvelope(text);
  if (envelope === null) throw new DoorstepError('export.malformed');
  const key = await keyOf(passphrase, envelope.kdf);
  const plain = unseal(envelope, key);
  key.fill(0);
  if (plain === null) throw new DoorstepError('export.wrong-passphrase');
  const codes = readCodes(plain);
  if (codes === null) throw new DoorstepError('export.malformed');
  return codes;
}

/** Two passphrases that look the same are the same (NIST SP 800-63B-4, 3.1.1.2: NFC or NFKC). */
function keyOf(passphrase: string, { N, r, p, salt }: Envelope['kdf']): Promise<Buffer> {
  // RFC 7914, 2: 128 * N * r bytes for the large table, and some for the rest.
  const options: ScryptOptions = { N, r, p, maxmem: 128 * N * r + 128 * r * p + 2 ** 20 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/** What the seal is bound to, so that nobody can change the parameters beside it. */
function boundText({ kdf, nonce }: Pick<Envelope, 'kdf' | 'nonce'>): Buffer {
  const { N, r, p, salt } = kdf;
  return Buffer.from([FORMAT, 1, 'scrypt', N, r, p, salt.toString('base64'), CIPHER, nonce.toString('base64')].join('|'), 'ascii');
}

function unseal({ kdf, nonce, sealed }: Envelope, key: Buffer): string | null {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  decipher.setAAD(boundText({ kdf, nonce }));
  decipher.setAuthTag(sealed.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

function readEnvelope(text: string): Envelope | null {
  const file = readJson(text);
  const kdf = member(file, 'kdf');
  const cipher = member(file, 'cipher');
  if (member(file, 'format') !== FORMAT || member(file, 'version') !== 1) return null;
  if (member(kdf, 'name') !== 'scrypt' || member(cipher, 'name') !== CIPHER) return null;
  const N = member(kdf, 'N');
  const r = member(kdf, 'r');
  const p = member(kdf, 'p');
  const salt = bytesOf(member(kdf, 'salt'), 16);
  const nonce = bytesOf(member(cipher, 'nonce'), 12);
  const sealed = bytesOf(member(file, 'sealed'), null);
  if (!isOneOf(COSTS_ALLOWED.N, N) || !isOneOf(COSTS_ALLOWED.r, r) || !isOneOf(COSTS_ALLOWED.p, p)) return null;
  if (salt === null || nonce === null || sealed === null || sealed.length <= TAG) return null;
  return { kdf: { N, r, p, salt }, nonce, sealed };
}

function readCodes(plain: string): readonly ExportedCode[] | null {
  const codes = member(readJson(plain), 'codes');
  if (!Array.isArray(codes)) return null;
  const read: ExportedCode[] = [];
  for (const code of codes as unknown[]) {
    const link = member(code, 'link');
    const name = member(code, 'name');
    if (typeof link !== 'string' || typeof name !== 'string') return null;
    try {
      read.push({ seed: parseOtpauth(link), name });
    } catch {
      return null;
    }
  }
  return read;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function bytesOf(value: unknown, length: number | null): Buffer | null {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return null;
  const bytes = Buffer.from(value, 'base64');
  return length === null || bytes.length === length ? bytes : null;
}

function isOneOf<T>(allowed: readonly T[], value: unknown): value is T {
  return (allowed as readonly unknown[]).includes(value);
}
