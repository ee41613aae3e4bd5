/** Who made a token (C33, C34): a claim counts only where its chain leads to a root of ours or of the metadata. */
import { sign } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AttestationTrust, keyIdentifier, NO_TRUST } from '../../../../src/backend/webauthn/attestation.ts';
import { type BlobVerdict, isStale, type Metadata, readBlob } from '../../../../src/backend/webauthn/metadata.ts';
import { createRelyingParty } from '../../../../src/backend/webauthn/relying-party.ts';
import {
  type Authority,
  asCertificate,
  metadataBlob,
  metadataEntry,
  newAuthority,
  newLeaf,
  packedBy,
  signingKey,
} from '../../../support/webauthn/attestation-makers.ts';
import type { CborValue } from '../../../support/webauthn/cbor.ts';
import * as der from '../../../support/webauthn/der.ts';
import { type Attest, attestNothing, BS, SoftwareKey, selfAttest, type Twist, UP, UV } from '../../../support/webauthn/software-key.ts';

const ORIGIN = 'https://id.example';
const RP_ID = 'id.example';
const QUESTION = Buffer.alloc(32, 9).toString('base64url');
const AAGUID = Buffer.from('8f1d5c8a2b6e4f7a9c3d1e2f3a4b5c6d', 'hex');
const DASHED = '8f1d5c8a-2b6e-4f7a-9c3d-1e2f3a4b5c6d';

const root = newAuthority('Root');
const middle = newAuthority('Middle', root);
const leaf = newLeaf(middle, { aaguid: AAGUID });
const stranger = newAuthority('Stranger');

const rooted: AttestationTrust = { roots: [asCertificate(root.certificate)], metadata: null };

async function register(
  trust: AttestationTrust,
  attest: Attest,
  twist: Twist = {},
  userVerification: 'preferred' | 'required' = 'preferred',
) {
  const relyingParty = createRelyingParty({ origin: ORIGIN, rpId: RP_ID, trust });
  const key = new SoftwareKey({ aaguid: AAGUID, attest });
  const answer = key.register({ challenge: QUESTION, rp: { id: RP_ID }, user: { id: 'AA' } }, ORIGIN, twist);
  const verdict = await relyingParty.checkRegistration(answer, { question: QUESTION, userVerification });
  return verdict.ok
    ? { attestation: verdict.credential.attestation, model: verdict.credential.model, aaguid: verdict.credential.aaguid }
    : verdict;
}

const chain = (...links: readonly Authority[]): Buffer[] => links.map(({ certificate }) => certificate);
const good = packedBy(leaf, chain(leaf, middle));

async function metadata(entries: readonly unknown[]): Promise<Metadata> {
  const verdict = await readBlob(metadataBlob({ entries }, leaf, chain(leaf, middle)), rooted.roots, new Date());
  if (!verdict.ok) throw new Error(verdict.fault);
  return verdict.metadata;
}

describe('without roots and metadata', () => {
  it('every maker is unverified, whatever it claims', async () => {
    expect(await register(NO_TRUST, good)).toEqual({ attestation: 'unverified', model: null, aaguid: DASHED });
    expect(await register(NO_TRUST, selfAttest)).toMatchObject({ attestation: 'self' });
    expect(await register(NO_TRUST, attestNothing)).toMatchObject({ attestation: 'none' });
  });
});

describe('with a configured root', () => {
  it('a chain that leads there is verified, with or without the root at its end', async () => {
    expect(await register(rooted, good)).toMatchObject({ attestation: 'verified' });
    expect(await register(rooted, packedBy(leaf, chain(leaf, middle, root)))).toMatchObject({ attestation: 'verified' });
    const direct = newLeaf(root, { aaguid: AAGUID });
    expect(await register(rooted, packedBy(direct, chain(direct)))).toMatchObject({ attestation: 'verified' });
  });

  const own = newLeaf(stranger, { aaguid: AAGUID });
  const expiredMiddle = newAuthority('Old', root, { notAfter: '20210101000000Z' });
  const underExpired = newLeaf(expiredMiddle, { aaguid: AAGUID });
  const noCa = newAuthority('Not a CA', root, { ca: false });
  const underNoCa = newLeaf(noCa, { aaguid: AAGUID });
  const forgedRoot = { ...stranger, name: root.name };
  const underForged = newLeaf(forgedRoot, { aaguid: AAGUID });

  it.each<[string, Attest]>([
    ['its own self-signed root', packedBy(own, chain(own, stranger))],
    ['a root of the same name', packedBy(underForged, chain(underForged))],
    ['the true root put at the end of a strange chain', packedBy(own, chain(own, stranger, root))],
    ['a missing intermediate', packedBy(leaf, chain(leaf))],
    ['the wrong order', packedBy(leaf, chain(leaf, root, middle))],
    ['a certificate that does not belong', packedBy(leaf, chain(leaf, stranger, middle))],
    ['a certificate twice', packedBy(leaf, chain(leaf, middle, middle))],
    ['an expired intermediate', packedBy(underExpired, chain(underExpired, expiredMiddle))],
    ['an issuer that is no CA', packedBy(underNoCa, chain(underNoCa, noCa))],
  ])('a chain with %s is unverified', async (_name, attest) => {
    expect(await register(rooted, attest)).toMatchObject({ attestation: 'unverified' });
  });

  const expired = newLeaf(middle, { aaguid: AAGUID, notAfter: '20210101000000Z' });
  const caLeaf = newLeaf(middle, { aaguid: AAGUID, ca: true });
  const otherModel = newLeaf(middle, { aaguid: Buffer.alloc(16, 1) });
  const otherUnit = newLeaf(middle, { aaguid: AAGUID, unit: 'Web servers' });

  it.each<[string, Attest]>([
    ['is expired', packedBy(expired, chain(expired, middle))],
    ['is a CA', packedBy(caLeaf, chain(caLeaf, middle))],
    ['names another model', packedBy(otherModel, chain(otherModel, middle))],
    ['is not for attestation', packedBy(otherUnit, chain(otherUnit, middle))],
    ['did not sign', packedBy(leaf, chain(newLeaf(middle, { aaguid: AAGUID }), middle))],
    ['is not a certificate', packedBy(leaf, [Buffer.from('3000', 'hex')])],
  ])('a statement whose certificate %s is refused', async (_name, attest) => {
    expect(await register(rooted, attest)).toMatchObject({ ok: false, refusal: 'attestation' });
  });
});

describe('with metadata', () => {
  it('the model is named, and a known model whose chain does not lead to its roots is a forgery', async () => {
    const trust = { roots: [], metadata: await metadata([metadataEntry(DASHED, [root.certificate])]) };
    expect(await register(trust, good)).toEqual({ attestation: 'verified', model: 'Northmoor Token 5', aaguid: DASHED });
    const own = newLeaf(stranger, { aaguid: AAGUID });
    expect(await register(trust, packedBy(own, chain(own, stranger)))).toMatchObject({ ok: false, code: 'attestation.refused' });
    expect(await register(trust, selfAttest)).toMatchObject({ attestation: 'self', model: null });
  });

  it('the certificate of the token itself may be the root', async () => {
    const trust = { roots: [], metadata: await metadata([metadataEntry(DASHED, [leaf.certificate])]) };
    expect(await register(trust, packedBy(leaf, chain(leaf)))).toMatchObject({ attestation: 'verified' });
  });

  it('an unknown model is unverified', async () => {
    const trust = { roots: [], metadata: await metadata([]) };
    expect(await register(trust, good)).toMatchObject({ attestation: 'unverified' });
  });

  it.each([
    'REVOKED',
    'USER_VERIFICATION_BYPASS',
    'ATTESTATION_KEY_COMPROMISE',
    'USER_KEY_REMOTE_COMPROMISE',
    'USER_KEY_PHYSICAL_COMPROMISE',
  ])('a model that is reported as %s is refused, whatever it brings', async (status) => {
    const trust = { roots: rooted.roots, metadata: await metadata([metadataEntry(DASHED, [root.certificate], status)]) };
    for (const attest of [good, selfAttest, attestNothing]) {
      expect(await register(trust, attest)).toMatchObject({ ok: false, code: 'attestation.refused', status });
    }
  });
});

describe('a U2F key', () => {
  /** Fixed places in authenticator data with a P-256 key and a 32-byte credential id. */
  const point = (authData: Buffer): Buffer => Buffer.concat([Buffer.from([4]), authData.subarray(97, 129), authData.subarray(132, 164)]);
  const u2fBy =
    (signer: Authority, links: readonly Authority[]): Attest =>
    ({ authData, clientDataHash }) => ({
      fmt: 'fido-u2f',
      attStmt: new Map<string, CborValue>([
        [
          'sig',
          sign(
            'sha256',
            Buffer.concat([Buffer.from([0]), authData.subarray(0, 32), clientDataHash, authData.subarray(55, 87), point(authData)]),
            signingKey(signer.secret),
          ),
        ],
        ['x5c', chain(...links)],
      ]),
    });
  const model = newLeaf(root);
  const zero = async (trust: AttestationTrust, attest: Attest) => {
    const relyingParty = createRelyingParty({ origin: ORIGIN, rpId: RP_ID, trust });
    const answer = new SoftwareKey({ attest }).register({ challenge: QUESTION, rp: { id: RP_ID }, user: { id: 'AA' } }, ORIGIN);
    const verdict = await relyingParty.checkRegistration(answer, { question: QUESTION, userVerification: 'preferred' });
    return verdict.ok ? verdict.credential : verdict;
  };
  const entry = (status?: string): unknown => {
    const { aaguid: _aaguid, ...rest } = metadataEntry(DASHED, [root.certificate], status) as Record<string, unknown>;
    return { ...rest, attestationCertificateKeyIdentifiers: [keyIdentifier(asCertificate(model.certificate))] };
  };

  it('is found in the metadata by the key of its certificate', async () => {
    const attest = u2fBy(model, [model]);
    expect(await zero(rooted, attest)).toMatchObject({ attestation: 'verified', model: null, aaguid: null });
    expect(await zero({ roots: [], metadata: await metadata([entry()]) }, attest)).toMatchObject({
      attestation: 'verified',
      model: 'Northmoor Token 5',
    });
    expect(await zero({ roots: [], metadata: await metadata([entry('REVOKED')]) }, attest)).toMatchObject({ ok: false, status: 'REVOKED' });
    expect(await zero(NO_TRUST, attest)).toMatchObject({ attestation: 'unverified' });
  });

  it('is refused with two certificates, with the signature of another, and with none', async () => {
    for (const attest of [u2fBy(model, [model, root]), u2fBy(leaf, [model])]) {
      expect(await zero(rooted, attest)).toMatchObject({ ok: false, refusal: 'attestation' });
    }
    expect(await zero(rooted, () => ({ fmt: 'fido-u2f', attStmt: new Map() }))).toMatchObject({ ok: false, refusal: 'attestation' });
  });
});

describe('the network', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is never asked, whatever addresses a certificate names', async () => {
    const fetched = vi.fn(() => Promise.reject(new Error('no network')));
    vi.stubGlobal('fetch', fetched);
    const address = Buffer.from('http://127.0.0.1:9/list.crl');
    const points = der.extension('2.5.29.31', false, der.sequence(der.sequence(der.der(0xa0, der.der(0xa0, der.der(0x86, address))))));
    const naming = newLeaf(root, { aaguid: AAGUID, extensions: [points] });
    const android: Attest = (signed) => ({ ...packedBy(naming, chain(naming, root))(signed), fmt: 'android-key' });
    expect(await register(rooted, android)).toMatchObject({ ok: false, refusal: 'attestation' });
    expect(await register(rooted, packedBy(naming, chain(naming)))).toMatchObject({ attestation: 'verified' });
    expect(
      await register({ roots: [], metadata: await metadata([metadataEntry(DASHED, [root.certificate])]) }, packedBy(naming, chain(naming))),
    ).toMatchObject({
      attestation: 'verified',
    });
    expect(fetched).not.toHaveBeenCalled();
  });
});

describe('a metadata file', () => {
  const entries = [metadataEntry(DASHED, [root.certificate])];
  const fault = (verdict: BlobVerdict): string => (verdict.ok ? 'none' : verdict.fault);
  const read = (blob: string): Promise<BlobVerdict> => readBlob(blob, rooted.roots, new Date());

  it('is accepted with its chain and signature, also with the root in the chain, also when it is stale', async () => {
    expect(fault(await read(metadataBlob({ entries }, leaf, chain(leaf, middle))))).toBe('none');
    expect(fault(await read(metadataBlob({ entries }, leaf, chain(leaf, middle, root))))).toBe('none');
    const old = await read(metadataBlob({ entries, nextUpdate: '2020-01-01' }, leaf, chain(leaf, middle)));
    expect(old.ok && isStale(old.metadata, new Date())).toBe(true);
  });

  it('is refused otherwise', async () => {
    const blob = metadataBlob({ entries }, leaf, chain(leaf, middle));
    const [header = '', payload = '', signature = ''] = blob.split('.');
    const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), no: 99 })).toString(
      'base64url',
    );
    const own = newLeaf(stranger);
    expect(fault(await read(`${header}.${forged}.${signature}`))).toBe('signature');
    expect(fault(await read(metadataBlob({ entries }, own, chain(own, stranger))))).toBe('chain');
    expect(fault(await read(metadataBlob({ entries }, own, chain(leaf, middle))))).toBe('signature');
    expect(fault(await read('x'))).toBe('not-a-jwt');
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', x5c: chain(leaf, middle).map((one) => one.toString('base64')) })).toString(
      'base64url',
    );
    expect(fault(await read(`${unsigned}.${payload}.`))).toBe('signature');
    for (const wrong of [{ no: 1.5, entries }, { nextUpdate: 'soon', entries }, { entries: [1] }]) {
      expect(fault(await read(metadataBlob(wrong, leaf, chain(leaf, middle))))).toBe('payload');
    }
  });
});

describe('a registration', () => {
  it.each<[string, Twist, string]>([
    ['the type of an assertion', { clientData: { type: 'webauthn.get' } }, 'type'],
    ['another question', { clientData: { challenge: 'AAAA' } }, 'challenge'],
    ['another origin', { clientData: { origin: 'https://evil.example' } }, 'origin'],
    ['a frame', { clientData: { crossOrigin: true } }, 'cross-origin'],
    ['a top origin', { clientData: { topOrigin: 'https://evil.example' } }, 'cross-origin'],
    ['another RP ID', { rpId: 'evil.example' }, 'rp-id'],
    ['no touch', { flags: UV }, 'user-presence'],
    ['backed up but not eligible', { flags: UP | BS }, 'backup-flags'],
    ['bytes after the data', { trailing: Buffer.from([0]) }, 'malformed'],
  ])('with %s is refused', async (_name, twist, refusal) => {
    expect(await register(NO_TRUST, attestNothing, twist)).toMatchObject({ ok: false, refusal });
  });

  it('without a PIN is refused where one is required', async () => {
    expect(await register(NO_TRUST, attestNothing, {}, 'required')).toMatchObject({ ok: false, refusal: 'user-verification' });
    expect(await register(NO_TRUST, attestNothing, { flags: UP | UV }, 'required')).toMatchObject({ attestation: 'none' });
  });

  it('whose self attestation another key signed, or of an unknown format, or with a statement for nothing, is refused', async () => {
    const other: Attest = (signed) => selfAttest({ ...signed, credentialKey: signingKey(leaf.secret) });
    const unknown: Attest = (signed) => ({ ...selfAttest(signed), fmt: 'compound' });
    const safetynet: Attest = (signed) => ({ ...selfAttest(signed), fmt: 'android-safetynet' });
    const something: Attest = (signed) => ({ ...selfAttest(signed), fmt: 'none' });
    for (const attest of [other, unknown, safetynet, something]) {
      expect(await register(NO_TRUST, attest)).toMatchObject({ ok: false, refusal: 'attestation' });
    }
  });

  it('of another credential id than it names is refused', async () => {
    const relyingParty = createRelyingParty({ origin: ORIGIN, rpId: RP_ID, trust: NO_TRUST });
    const answer = new SoftwareKey().register({ challenge: QUESTION, rp: { id: RP_ID }, user: { id: 'AA' } }, ORIGIN);
    const id = new SoftwareKey().id;
    const verdict = await relyingParty.checkRegistration(
      { ...answer, id, rawId: id },
      { question: QUESTION, userVerification: 'preferred' },
    );
    expect(verdict).toMatchObject({ ok: false, refusal: 'credential' });
  });
});
