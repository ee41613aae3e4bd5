/** What the backend tells a desktop, as small as it comes. */
import type { Authenticator, WaitingChallenge } from '../../src/contract/http/shapes.ts';

/** One of a person's ways: a security key that works, unless said otherwise. */
export const authenticator = (members: Partial<Authenticator>): Authenticator => ({
  id: 'K'.repeat(22),
  kind: 'security-key',
  name: 'Blue key',
  state: 'active',
  suspendedBecause: null,
  code: null,
  spareCodesLeft: null,
  preferred: false,
  model: null,
  aaguid: null,
  attestation: null,
  credentialId: null,
  addedAt: '2026-09-09T09:00:00.000Z',
  lastUsedAt: null,
  lastUsedFrom: null,
  ...members,
});

/** A request of the VPN, which shows no number. */
export const CHALLENGE: WaitingChallenge = {
  id: 'C'.repeat(22),
  serviceName: 'VPN',
  place: null,
  asked: null,
  number: null,
  byKey: true,
  createdAt: '2026-11-24T12:00:00.000Z',
  expiresAt: '2026-11-24T12:10:00.000Z',
};
