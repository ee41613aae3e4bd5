/** Reads the files that say which makers are trusted, once, at the start; nothing is ever fetched. */
import { createHash, type X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Store } from '../domain/stores.ts';
import type { AttestationTrust } from './attestation.ts';
import { readPemCertificates } from './certificates.ts';
import { isStale, type Metadata, readBlob } from './metadata.ts';

export interface TrustFiles {
  readonly attestationRootsFile: string | null;
  readonly metadata: { readonly blobFile: string; readonly rootFile: string | null } | null;
}

export type TrustNote =
  | { readonly kind: 'metadata-accepted'; readonly number: number; readonly models: number }
  | { readonly kind: 'metadata-stale'; readonly number: number; readonly nextUpdate: string }
  | { readonly kind: 'metadata-refused'; readonly fault: string };

export interface LoadedTrust {
  readonly trust: AttestationTrust;
  /** What the log is to say about it. */
  readonly notes: readonly TrustNote[];
}

/**
 * A metadata file that does not hold is refused and the backend goes on without one: every model then reads
 * 'unverified'. Throws only where a file that was named cannot be read.
 */
export async function loadTrust(files: TrustFiles, store: Store, now: Date): Promise<LoadedTrust> {
  const roots = files.attestationRootsFile === null ? [] : readPemCertificates(readFileSync(files.attestationRootsFile, 'utf8'));
  if (files.metadata === null) return { trust: { roots, metadata: null }, notes: [] };
  const blob = readFileSync(files.metadata.blobFile, 'utf8');
  const verdict = await readBlob(blob, await metadataRoots(files.metadata.rootFile), now);
  if (!verdict.ok) return { trust: { roots, metadata: null }, notes: [{ kind: 'metadata-refused', fault: verdict.fault }] };
  const { metadata } = verdict;
  if (!(await advance(store, metadata, blob, now))) {
    return { trust: { roots, metadata: null }, notes: [{ kind: 'metadata-refused', fault: 'older-than-before' }] };
  }
  const notes: TrustNote[] = [{ kind: 'metadata-accepted', number: metadata.number, models: metadata.byAaguid.size }];
  if (isStale(metadata, now)) notes.push({ kind: 'metadata-stale', number: metadata.number, nextUpdate: metadata.nextUpdate });
  return { trust: { roots, metadata }, notes };
}

/** The root that the administrator names, or the public roots of the FIDO Metadata Service that the library knows. */
async function metadataRoots(file: string | null): Promise<X509Certificate[]> {
  if (file !== null) return readPemCertificates(readFileSync(file, 'utf8'));
  const { SettingsService } = await import('@simplewebauthn/server');
  return SettingsService.getRootCertificates({ identifier: 'mds' }).flatMap(readPemCertificates);
}

const FACT = 'metadata';

/**
 * False where a file with a higher number was taken into use before (MDS 3.0, 3.2: `no` never decreases), or another
 * file with the same number. Reading the same one again is no news.
 */
async function advance(store: Store, metadata: Metadata, blob: string, now: Date): Promise<boolean> {
  const digest = createHash('sha256').update(blob.trim()).digest('base64url');
  return store.transaction(async (tx) => {
    const known = JSON.parse((await tx.facts.get(FACT)) ?? '{"number":-1,"digest":""}') as { number: number; digest: string };
    if (metadata.number === known.number) return digest === known.digest;
    if (metadata.number < known.number) return false;
    await tx.facts.set(FACT, JSON.stringify({ number: metadata.number, digest }));
    await tx.audit.append(
      {
        event: 'metadata.accepted',
        outcome: 'done',
        actor: { kind: 'system', id: null },
        personId: null,
        subjectId: null,
        source: null,
        reason: null,
        facts: { number: metadata.number, nextUpdate: metadata.nextUpdate, digest },
      },
      now.getTime(),
    );
    return true;
  });
}
