/** Token makers for tests: a root, an intermediate, attestation certificates right and wrong, and metadata files. */
import { createPrivateKey, createSign, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { CborValue } from './cbor.ts';
import * as der from './der.ts';
import { P256, publicPoint } from './deterministic-ecdsa.ts';
import type { Attest } from './software-key.ts';

export interface Authority {
  readonly name: Buffer;
  readonly secret: Buffer;
  readonly certificate: Buffer;
}

/** A P-256 scalar that is certainly in range. */
function newSecret(): Buffer {
  return Buffer.concat([Buffer.from([0x01]), randomBytes(31)]);
}

function subject(common: string, unit: string): Buffer {
  return der.name(['2.5.4.6', 'GB'], ['2.5.4.10', 'Northmoor Tokens'], ['2.5.4.11', unit], ['2.5.4.3', common]);
}

const LONG = { notBefore: '20200101000000Z', notAfter: '20991231235959Z' };

export function newAuthority(common: string, issuer?: Authority, more: { ca?: boolean; notAfter?: string } = {}): Authority {
  const secret = newSecret();
  const name = subject(common, 'Authenticator Attestation CA');
  const certificate = der.certificate({
    ...LONG,
    ...(more.notAfter === undefined ? {} : { notAfter: more.notAfter }),
    serial: Buffer.concat([Buffer.from([1]), randomBytes(8)]),
    issuer: issuer?.name ?? name,
    subject: name,
    subjectSecret: secret,
    issuerSecret: issuer?.secret ?? secret,
    extensions: [der.basicConstraints(more.ca ?? true), der.keyUsage(more.ca ?? true), der.subjectKeyId(secret)],
  });
  return { name, secret, certificate };
}

export interface LeafTwist {
  readonly aaguid?: Uint8Array;
  readonly ca?: boolean;
  readonly unit?: string;
  readonly notAfter?: string;
  readonly extensions?: readonly Buffer[];
}

export function newLeaf(
  issuer: Authority,
  { aaguid, ca = false, unit = 'Authenticator Attestation', notAfter, extensions = [] }: LeafTwist = {},
): Authority {
  const secret = newSecret();
  const name = subject('Token', unit);
  const certificate = der.certificate({
    ...LONG,
    ...(notAfter === undefined ? {} : { notAfter }),
    serial: Buffer.concat([Buffer.from([1]), randomBytes(8)]),
    issuer: issuer.name,
    subject: name,
    subjectSecret: secret,
    issuerSecret: issuer.secret,
    extensions: [
      der.basicConstraints(ca),
      der.subjectKeyId(secret),
      ...(aaguid === undefined ? [] : [der.extension('1.3.6.1.4.1.45724.1.1.4', false, der.octets(aaguid))]),
      ...extensions,
    ],
  });
  return { name, secret, certificate };
}

export function signingKey(secret: Buffer) {
  const { x, y } = publicPoint(P256, secret);
  const part = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  return createPrivateKey({ key: { kty: 'EC', crv: 'P-256', d: part(secret), x: part(x), y: part(y) }, format: 'jwk' });
}

/** Packed attestation by `leaf` with this chain (WebAuthn Level 3, 8.2). */
export function packedBy(leaf: Authority, chain: readonly Buffer[]): Attest {
  const key = signingKey(leaf.secret);
  return ({ authData, clientDataHash }) => ({
    fmt: 'packed',
    attStmt: new Map<string, CborValue>([
      ['alg', -7],
      ['sig', sign('sha256', Buffer.concat([authData, clientDataHash]), key)],
      ['x5c', chain],
    ]),
  });
}

export function asCertificate(bytes: Buffer): X509Certificate {
  return new X509Certificate(bytes);
}

export interface MetadataShape {
  readonly no?: number;
  readonly nextUpdate?: string;
  readonly entries: readonly unknown[];
}

/** A metadata BLOB (MDS 3.0): a JWT signed by `leaf`, whose chain is `chain`. */
export function metadataBlob(
  { no = 1, nextUpdate = '2099-01-01', entries }: MetadataShape,
  leaf: Authority,
  chain: readonly Buffer[],
): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'ES256', typ: 'JWT', x5c: chain.map((one) => one.toString('base64')) })}.${part({ legalHeader: '', no, nextUpdate, entries })}`;
  const signer = createSign('sha256').update(signed);
  const signature = signer.sign({ key: signingKey(leaf.secret), dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

export function metadataEntry(aaguid: string, roots: readonly Buffer[], status = 'FIDO_CERTIFIED_L1'): unknown {
  return {
    aaguid,
    metadataStatement: {
      aaguid,
      description: 'Northmoor Token 5',
      attestationRootCertificates: roots.map((one) => one.toString('base64')),
    },
    statusReports: [{ status, effectiveDate: '2024-01-01' }],
    timeOfLastStatusChange: '2024-01-01',
  };
}
