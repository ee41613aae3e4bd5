/** The person that a history is about: a key that always works, two paired desktops, two sources of codes, two half-open sessions. */
import { randomBytes } from 'node:crypto';
import { newAuthenticator } from '../../src/backend/domain/authenticators/new-authenticator.ts';
import { newId, newSecret } from '../../src/backend/domain/identifiers.ts';
import type { AuthenticatorRecord } from '../../src/backend/domain/model.ts';
import { newPerson } from '../../src/backend/domain/people/add-person.ts';
import { stepAt } from '../../src/oath/totp.ts';
import { sessionRecord } from '../support/records.ts';
import { type ModelDesktop, type ModelPerson, type ModelSession, type ModelSource, newAuthenticatorModel } from './state.ts';
import type { World } from './world.ts';

export interface Cast {
  readonly person: ModelPerson;
  /** Token of a session whose second step was the key: it removes, enrolls, and opens requests again. */
  readonly keyToken: string;
}

export async function castFor({ domain, clock }: World): Promise<Cast> {
  const now = clock.now();
  const record = newPerson({ username: newId(), displayName: 'Ada', role: 'person', passwordHash: null, now });
  const given = { personId: record.id, addedAt: now, addedFrom: 'model' };
  const key = newAuthenticator(
    { ...given, kind: 'security-key', name: 'Key' },
    { credentialId: newId(), publicKey: 'x', attestation: 'none' },
  );
  const desktops = ['Office', 'Home'].map((name) =>
    newAuthenticator({ ...given, kind: 'desktop', name }, { deviceKey: { x: newId(), y: newId() }, platform: 'linux' }),
  );
  const kinds = ['totp', 'hotp'] as const;
  const tokensWithCodes = kinds.map((kind) =>
    newAuthenticator({ ...given, kind, name: kind }, { codeForm: { algorithm: 'SHA1', digits: 6, period: kind === 'totp' ? 30 : null } }),
  );
  const sources = tokensWithCodes.map((one): ModelSource => {
    const kind = one.kind === 'totp' ? 'totp' : 'hotp';
    const last = kind === 'totp' ? stepAt(now, 30) - 10 : -1;
    return {
      ...newAuthenticatorModel(one.id),
      kind,
      seed: randomBytes(20),
      heldBy: null,
      burned: new Set(),
      maybeBurned: new Set(),
      last,
      drift: 0,
      failures: 0,
    };
  });
  const [keyToken, ...tokens] = [newSecret(), newSecret(), newSecret()];
  const sessions = tokens.map((token) => sessionRecord({ personId: record.id, token, at: now }));
  await domain.store.transaction(async (tx) => {
    await tx.people.insert(record);
    for (const one of [key, ...desktops, ...tokensWithCodes] satisfies AuthenticatorRecord[]) await tx.authenticators.insert(one);
    for (const { id, kind, seed, last } of sources) {
      await tx.codes.insert({
        authenticatorId: id,
        personId: record.id,
        kind,
        algorithm: 'SHA1',
        digits: 6,
        period: kind === 'totp' ? 30 : null,
        ...domain.seeds.seal(seed, id),
        lastPosition: last,
        drift: 0,
        failures: 0,
        blockedUntil: 0,
        candidate: null,
        candidateAt: null,
      });
    }
    for (const one of sessions) await tx.sessions.insert(one);
    const shown = { state: 'full', secondStepAt: now, authenticatorId: key.id } as const;
    await tx.sessions.insert(sessionRecord({ personId: record.id, token: keyToken, at: now }, shown));
  });
  return {
    keyToken,
    person: {
      record,
      key: newAuthenticatorModel(key.id),
      disabled: false,
      stopped: false,
      preferredAt: 0,
      preferredBy: null,
      desktops: desktops.map(
        ({ id }): ModelDesktop => ({
          ...newAuthenticatorModel(id),
          holders: [{ generation: null }],
          current: null,
          given: new Set(),
          left: new Set(),
          changesSent: [],
          changesAnswered: new Map(),
        }),
      ),
      sources,
      enrollments: [],
      sheets: [],
      sessions: sessions.map(({ id }, index) => modelSession(id, tokens[index] ?? '', now)),
      challenges: [],
      sent: [],
    },
  };
}

export function modelSession(id: string, token: string, now: number): ModelSession {
  return { id, token, state: 'password', createdAt: now, shownWith: null };
}
