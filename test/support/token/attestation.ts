import { randomBytes } from 'node:crypto';
import { bits, der, instant, integer, octets, oid, sequence, set, TRUE, text } from './crypto/der.ts';
import { newPrivateKey, publicPoint, signWith } from './crypto/keys.ts';

/** The attestation key of one token, with the chain that proves where it comes from. */
export interface Attestation {
  /** 32 bytes, P-256. */
  readonly privateKey: Buffer;
  /** DER, per WebAuthn 8.2.1, with the AAGUID extension. */
  readonly certificate: Buffer;
  /** The same key for CTAP1, whose keys have no AAGUID. */
  readonly u2fCertificate: Buffer;
  /** DER; what a relying party configures as its root. */
  readonly root: Buffer;
}

const OU = 'Authenticator Attestation';
const COUNTRY = 'AT';
const ORGANIZATION = 'Doorstep practice keys, not for protection';
const ID_FIDO_GEN_CE_AAGUID = '1.3.6.1.4.1.45724.1.1.4';

/** Makes a root of its own and a leaf under it. The root's key is thrown away. */
export function newAttestation(aaguid: string): Attestation {
  const rootKey = newPrivateKey(-7);
  const privateKey = newPrivateKey(-7);
  const rootName = name('Doorstep practice root');
  const leafName = name('Doorstep practice key');
  return {
    privateKey,
    root: certificate({ subject: rootName, key: rootKey, issuer: rootName, issuerKey: rootKey, extensions: [basicConstraints(true)] }),
    certificate: certificate({
      subject: leafName,
      key: privateKey,
      issuer: rootName,
      issuerKey: rootKey,
      // The AAGUID stands in two OCTET STRINGs and must not be critical (WebAuthn 8.2.1).
      extensions: [basicConstraints(false), sequence(oid(ID_FIDO_GEN_CE_AAGUID), octets(octets(Buffer.from(aaguid, 'hex'))))],
    }),
    u2fCertificate: certificate({
      subject: leafName,
      key: privateKey,
      issuer: rootName,
      issuerKey: rootKey,
      extensions: [basicConstraints(false)],
    }),
  };
}

/** DER as PEM. */
export function pem(certificateDer: Uint8Array): string {
  const lines =
    Buffer.from(certificateDer)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function name(common: string): Buffer {
  const part = (type: string, value: Buffer): Buffer => set(sequence(oid(type), value));
  return sequence(
    part('2.5.4.6', der(0x13, Buffer.from(COUNTRY))),
    part('2.5.4.10', text(ORGANIZATION)),
    part('2.5.4.11', text(OU)),
    part('2.5.4.3', text(common)),
  );
}

function basicConstraints(ca: boolean): Buffer {
  return sequence(oid('2.5.29.19'), TRUE, octets(ca ? sequence(TRUE) : sequence()));
}

interface CertificateParts {
  readonly subject: Buffer;
  readonly key: Buffer;
  readonly issuer: Buffer;
  readonly issuerKey: Buffer;
  readonly extensions: readonly Buffer[];
}

/** X.509 v3, signed with ecdsa-with-SHA256 (RFC 5280, 4.1). */
function certificate(parts: CertificateParts): Buffer {
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const tbs = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(serial),
    ecdsaWithSha256,
    parts.issuer,
    sequence(instant(new Date('2026-01-01T00:00:00Z')), instant(new Date('2049-12-31T23:59:59Z'))),
    parts.subject,
    sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bits(publicPoint(parts.key))),
    der(0xa3, sequence(...parts.extensions)),
  );
  return sequence(tbs, ecdsaWithSha256, bits(signWith(-7, parts.issuerKey, tbs)));
}
