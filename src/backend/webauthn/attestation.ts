/** Who made a token: judged from the organization's own roots and from a metadata file, never from the token alone. */
import { createHash, type X509Certificate } from 'node:crypto';
import type { AttestationStatus } from '../../contract/http/shapes.ts';
import { chainsTo, readDerCertificates } from './certificates.ts';
import { type Metadata, type MetadataEntry, refusedStatus } from './metadata.ts';

export interface AttestationTrust {
  /** Roots that the organization trusts for any model. */
  readonly roots: readonly X509Certificate[];
  /** An accepted metadata file, or null. */
  readonly metadata: Metadata | null;
}

export const NO_TRUST: AttestationTrust = { roots: [], metadata: null };

export interface Attested {
  readonly format: string;
  /** Lower-case hex with dashes; null where the token names no model. */
  readonly aaguid: string | null;
  /** x5c as DER, leaf first; null where the statement has none. */
  readonly chain: readonly Uint8Array[] | null;
  readonly now: Date;
}

export type AttestationJudgement =
  | { readonly ok: true; readonly attestation: AttestationStatus; readonly model: string | null }
  | { readonly ok: false; readonly status: string };

/**
 * 'verified' only where a certificate chain leads to a configured root or to a root that the metadata gives for this
 * very model. A known model whose chain does not lead there is a forgery, and a model that the metadata reports as
 * broken is refused. Everything else is 'unverified': accepted, and said so.
 */
export function judgeAttestation(trust: AttestationTrust, attested: Attested): AttestationJudgement {
  const entry = findEntry(trust.metadata, attested);
  const status = entry === null ? null : refusedStatus(entry, attested.now);
  if (status !== null) return { ok: false, status };
  if (attested.format === 'none') return { ok: true, attestation: 'none', model: null };
  if (attested.chain === null) return { ok: true, attestation: 'self', model: null };
  const chain = readDerCertificates(attested.chain);
  if (chain === null) return { ok: false, status: 'CERTIFICATE_MALFORMED' };
  if (entry !== null) {
    return chainsTo(chain, entry.roots, attested.now)
      ? { ok: true, attestation: 'verified', model: entry.description }
      : { ok: false, status: 'CHAIN_NOT_OF_THIS_MODEL' };
  }
  return { ok: true, attestation: chainsTo(chain, trust.roots, attested.now) ? 'verified' : 'unverified', model: null };
}

/** By AAGUID; a U2F key has none and is found by the key identifier of its certificate (FIDO Metadata Statement, 3.1). */
function findEntry(metadata: Metadata | null, { format, aaguid, chain }: Attested): MetadataEntry | null {
  if (metadata === null) return null;
  if (aaguid !== null) return metadata.byAaguid.get(aaguid) ?? null;
  const leaf = format === 'fido-u2f' && chain !== null ? readDerCertificates(chain.slice(0, 1))?.[0] : undefined;
  return leaf === undefined ? null : (metadata.byKeyIdentifier.get(keyIdentifier(leaf)) ?? null);
}

/** SHA-1 of the public key bits (RFC 5280, 4.2.1.2, method 1), hex: an identifier, not a protection. */
export function keyIdentifier(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  // P-256 keys, the only ones that U2F has: the last 65 bytes of the structure are the point.
  return createHash('sha1').update(spki.subarray(-65)).digest('hex');
}
