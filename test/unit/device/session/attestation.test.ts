import { describe, expect, it } from 'vitest';
import { cborMap, decodeCbor } from '../../../../src/device/ctap2/cbor.ts';
import { type Attestation, convey, encodeAttestation } from '../../../../src/device/session/attestation.ts';

function attestation(format: string, aaguid: number, statement: Attestation['statement']): Attestation {
  const authData = new Uint8Array(60).fill(9);
  authData.fill(aaguid, 37, 53);
  return { format, authData, statement };
}

const signed = cborMap([
  ['alg', -7],
  ['sig', Uint8Array.of(1)],
]);
const certified = cborMap([...signed, ['x5c', [Uint8Array.of(2)]]]);

describe('attestation', () => {
  it('goes on whole where it was asked for', () => {
    const whole = attestation('packed', 7, certified);
    for (const conveyance of ['direct', 'indirect', 'enterprise'] as const) expect(convey(whole, conveyance)).toBe(whole);
  });

  it.each([
    ['packed with certificates', attestation('packed', 7, certified)],
    ['packed by itself, with an AAGUID', attestation('packed', 7, signed)],
    ['packed with certificates, without an AAGUID', attestation('packed', 0, certified)],
    ['fido-u2f', attestation('fido-u2f', 0, certified)],
    ['none with an AAGUID', attestation('none', 7, cborMap([]))],
  ])('is taken away where it was not: %s', (_name, given) => {
    const conveyed = convey(given, 'none');
    expect(conveyed.format).toBe('none');
    expect(conveyed.statement.size).toBe(0);
    expect(conveyed.authData.slice(37, 53)).toEqual(new Uint8Array(16));
    expect(conveyed.authData.slice(0, 37)).toEqual(new Uint8Array(37).fill(9));
    expect(conveyed.authData.slice(53)).toEqual(new Uint8Array(7).fill(9));
  });

  it('stays where it tells nothing', () => {
    const self = attestation('packed', 0, signed);
    expect(convey(self, 'none')).toBe(self);
  });

  it('is encoded in the order of its keys', () => {
    const encoded = encodeAttestation(attestation('none', 0, cborMap([])));
    expect(Buffer.from(encoded).toString('hex').startsWith('a363666d74646e6f6e656761747453746d74a068617574684461746158')).toBe(true);
    expect([...(decodeCbor(encoded) as Map<unknown, unknown>).keys()]).toEqual(['fmt', 'attStmt', 'authData']);
  });
});
