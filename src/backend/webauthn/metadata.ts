/**
 * FIDO Metadata Service (MDS 3.0), from a file that an administrator brings: the signed BLOB is a JWT whose certificate
 * chain must lead to a configured root. Its number never goes back; one that is out of date is still better than none,
 * and is said to be stale.
 */
import { X509Certificate } from 'node:crypto';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { chainsTo, readDerCertificates } from './certificates.ts';

export interface MetadataEntry {
  /** Make and model, as the vendor writes it. */
  readonly description: string;
  readonly roots: readonly X509Certificate[];
  readonly reports: readonly { readonly status: string; readonly effectiveDate: string | null }[];
}

export interface Metadata {
  /** The file's number: grows with each one. */
  readonly number: number;
  /** When the next one is due: YYYY-MM-DD. */
  readonly nextUpdate: string;
  readonly byAaguid: ReadonlyMap<string, MetadataEntry>;
  readonly byKeyIdentifier: ReadonlyMap<string, MetadataEntry>;
}

/** Reports that mean: a token of this model proves nothing (MDS 3.0, 3.1.4). */
const REFUSED = new Set([
  'REVOKED',
  'USER_VERIFICATION_BYPASS',
  'ATTESTATION_KEY_COMPROMISE',
  'USER_KEY_REMOTE_COMPROMISE',
  'USER_KEY_PHYSICAL_COMPROMISE',
]);

/** The report that speaks against a model today, or null. */
export function refusedStatus(entry: MetadataEntry, now: Date): string | null {
  const today = now.toISOString().slice(0, 10);
  const report = entry.reports.find(
    ({ status, effectiveDate }) => REFUSED.has(status) && (effectiveDate === null || effectiveDate <= today),
  );
  return report?.status ?? null;
}

export function isStale(metadata: Metadata, now: Date): boolean {
  return metadata.nextUpdate < now.toISOString().slice(0, 10);
}

export type BlobVerdict =
  | { readonly ok: true; readonly metadata: Metadata }
  | { readonly ok: false; readonly fault: 'not-a-jwt' | 'chain' | 'signature' | 'payload' };

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Reads a BLOB (MDS 3.0, 3.2): chain to a root first, then the signature by the chain's leaf, then the entries. */
export async function readBlob(blob: string, roots: readonly X509Certificate[], now: Date): Promise<BlobVerdict> {
  const chain = headerChain(blob);
  if (chain === null) return { ok: false, fault: 'not-a-jwt' };
  const leaf = chain[0];
  if (leaf === undefined || !chainsTo(withoutRoot(chain, roots), roots, now)) return { ok: false, fault: 'chain' };
  let payload: unknown;
  try {
    const verified = await compactVerify(blob.trim(), leaf.publicKey, { algorithms: ALGORITHMS });
    payload = JSON.parse(new TextDecoder().decode(verified.payload));
  } catch {
    return { ok: false, fault: 'signature' };
  }
  const metadata = readPayload(payload);
  return metadata === null ? { ok: false, fault: 'payload' } : { ok: true, metadata };
}

function headerChain(blob: string): X509Certificate[] | null {
  try {
    const { x5c } = decodeProtectedHeader(blob.trim());
    return Array.isArray(x5c) ? readDerCertificates(x5c.map((one) => Buffer.from(one, 'base64'))) : null;
  } catch {
    return null;
  }
}

/** Some files carry the root at the end of the chain; it is the configured one or it does not count. */
function withoutRoot(chain: readonly X509Certificate[], roots: readonly X509Certificate[]): readonly X509Certificate[] {
  const last = chain.at(-1);
  const isRoot = chain.length > 1 && roots.some((root) => root.fingerprint256 === last?.fingerprint256);
  return isRoot ? chain.slice(0, -1) : chain;
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function readPayload(payload: unknown): Metadata | null {
  if (!isObject(payload)) return null;
  const { no, nextUpdate, entries } = payload;
  if (!Number.isSafeInteger(no) || typeof nextUpdate !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(nextUpdate) || !Array.isArray(entries)) {
    return null;
  }
  const byAaguid = new Map<string, MetadataEntry>();
  const byKeyIdentifier = new Map<string, MetadataEntry>();
  for (const entry of entries) {
    if (!isObject(entry)) return null;
    const read = readEntry(entry);
    if (read === null) continue;
    if (typeof entry['aaguid'] === 'string') byAaguid.set(entry['aaguid'].toLowerCase(), read);
    for (const identifier of strings(entry['attestationCertificateKeyIdentifiers'])) byKeyIdentifier.set(identifier.toLowerCase(), read);
  }
  return { number: no as number, nextUpdate, byAaguid, byKeyIdentifier };
}

/** An entry whose statement cannot be read still counts with its reports: a revoked model stays refused. */
function readEntry(entry: Json): MetadataEntry | null {
  const statement = isObject(entry['metadataStatement']) ? entry['metadataStatement'] : {};
  const reports = Array.isArray(entry['statusReports']) ? entry['statusReports'].filter(isObject) : [];
  const description = statement['description'];
  return {
    description: typeof description === 'string' ? description : '',
    roots: strings(statement['attestationRootCertificates']).flatMap(readRoot),
    reports: reports.flatMap(({ status, effectiveDate }) =>
      typeof status === 'string' ? [{ status, effectiveDate: typeof effectiveDate === 'string' ? effectiveDate : null }] : [],
    ),
  };
}

function readRoot(base64: string): X509Certificate[] {
  try {
    return [new X509Certificate(Buffer.from(base64, 'base64'))];
  } catch {
    return [];
  }
}
