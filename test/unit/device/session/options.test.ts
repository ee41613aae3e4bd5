import { describe, expect, it } from 'vitest';
import type { CreationOptionsJson, RequestOptionsJson } from '../../../../src/contract/tokens.ts';
import { readCreation, readRequest } from '../../../../src/device/session/options.ts';

const ORIGIN = 'https://login.northmoor.example';
const creation: CreationOptionsJson = {
  rp: { id: 'northmoor.example', name: 'Northmoor' },
  user: { id: 'AQ', name: 'amina', displayName: 'Amina' },
  challenge: 'AAAA',
  pubKeyCredParams: [],
};
const request: RequestOptionsJson = { rpId: 'northmoor.example', challenge: 'AAAA' };

describe('options', () => {
  it('have the defaults of WebAuthn', () => {
    expect(readCreation(creation, ORIGIN)).toMatchObject({
      algorithms: [-7, -257],
      exclude: [],
      residentKey: 'discouraged',
      userVerification: 'preferred',
      attestation: 'none',
      extensions: {},
    });
    expect(readRequest(request, ORIGIN)).toMatchObject({ allow: [], userVerification: 'preferred', extensions: {} });
  });

  it.each<readonly [string, Partial<CreationOptionsJson>]>([
    ['an empty challenge', { challenge: '' }],
    ['a challenge with padding', { challenge: 'AAAA=' }],
    ['a challenge in plain base64', { challenge: 'AA+/' }],
    ['a challenge of a length that cannot be', { challenge: 'AAAAA' }],
    ['an empty user handle', { user: { id: '', name: '', displayName: '' } }],
    ['a user handle of 65 bytes', { user: { id: Buffer.alloc(65).toString('base64url'), name: '', displayName: '' } }],
    ['an excluded credential without an id', { excludeCredentials: [{ type: 'public-key', id: '' }] }],
  ])('are refused with %s', (_name, more) => {
    expect(() => readCreation({ ...creation, ...more }, ORIGIN)).toThrow('request.malformed');
  });

  it('are refused for another site', () => {
    expect(() => readCreation(creation, 'https://northmoor.example.evil.example')).toThrow('rp.not-allowed');
    expect(() => readRequest(request, 'https://evil.example')).toThrow('rp.not-allowed');
  });
});
