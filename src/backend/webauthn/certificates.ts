/** Certificate paths without a network: strict order, every signature, every date, nothing that is not needed. */
import { X509Certificate } from 'node:crypto';

/** One certificate a PEM block. Throws where a block is not a certificate. */
export function readPemCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** Null where one of them is not a certificate. */
export function readDerCertificates(chain: readonly Uint8Array[]): X509Certificate[] | null {
  try {
    return chain.map((der) => new X509Certificate(Buffer.from(der)));
  } catch {
    return null;
  }
}

/**
 * True where `chain`, leaf first, leads to one of `anchors`: each certificate issued and signed by the next, the last
 * one by an anchor (or it is the anchor itself), issuers marked as such, all valid at `now`, none twice. A root that the
 * chain brings along counts for nothing (GHSA-6hxq-p678-4hr2).
 */
export function chainsTo(chain: readonly X509Certificate[], anchors: readonly X509Certificate[], now: Date): boolean {
  const last = chain.at(-1);
  if (last === undefined || new Set(chain.map((one) => one.fingerprint256)).size !== chain.length) return false;
  if (!chain.every((one) => isValidAt(one, now))) return false;
  for (let index = 0; index + 1 < chain.length; index += 1) {
    const [subject, issuer] = [chain[index], chain[index + 1]];
    if (subject === undefined || issuer === undefined || !isIssuedBy(subject, issuer)) return false;
  }
  return anchors.some(
    (anchor) =>
      isValidAt(anchor, now) && (anchor.fingerprint256 === last.fingerprint256 ? isAnchorItself(chain, anchor) : isIssuedBy(last, anchor)),
  );
}

/** An anchor may be the token's own certificate (metadata lists those), or a CA that closes the chain. */
function isAnchorItself(chain: readonly X509Certificate[], anchor: X509Certificate): boolean {
  return chain.length === 1 || anchor.ca;
}

function isIssuedBy(subject: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function isValidAt(certificate: X509Certificate, now: Date): boolean {
  return certificate.validFromDate <= now && now <= certificate.validToDate;
}
