/** Puts people into a store directly: what they have is not what is measured. */
import { newAuthenticator } from '../../src/backend/domain/authenticators/new-authenticator.ts';
import type { SeedVault } from '../../src/backend/domain/codes/seeds.ts';
import { newPerson } from '../../src/backend/domain/people/add-person.ts';
import { newSessionToken } from '../../src/backend/domain/sessions/token.ts';
import type { Store } from '../../src/backend/domain/stores.ts';
import { stepAt } from '../../src/oath/totp.ts';
import { codeRecord, sessionRecord } from '../../test/support/records.ts';

/**
 * A person with a source of TOTP codes, and the token of a session that has shown the password. All have come before: else
 * their rows would grow at their first code, and whole pages be cut in two for it.
 */
export interface Filled {
  readonly personId: string;
  readonly username: string;
  token: string;
}

const TOTP = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const AT_ONCE = 500;
const BEFORE = 30 * 60_000;

export async function fillPeople(
  store: Store,
  seeds: SeedVault,
  options: { readonly first: number; readonly count: number; readonly seed: Uint8Array; readonly passwordHash: string | null },
): Promise<Filled[]> {
  const filled: Filled[] = [];
  for (let from = 0; from < options.count; from += AT_ONCE) {
    await store.transaction(async (tx) => {
      for (let index = from; index < Math.min(from + AT_ONCE, options.count); index += 1) {
        const now = Date.now();
        const username = `visitor${options.first + index}`;
        const person = newPerson({ username, displayName: 'Visitor', role: 'person', passwordHash: options.passwordHash, now });
        await tx.people.insert(person);
        const lastUsed = { lastUsedAt: now - BEFORE, lastUsedFrom: '127.0.0.1' };
        const given = { personId: person.id, kind: 'totp', name: 'Codes', addedAt: now, addedFrom: 'bench' } as const;
        const authenticator = newAuthenticator(given, { codeForm: TOTP, preferred: true, ...lastUsed });
        await tx.authenticators.insert(authenticator);
        const lastPosition = stepAt(now - BEFORE, TOTP.period);
        await tx.codes.insert(codeRecord(authenticator, seeds.seal(options.seed, authenticator.id), { lastPosition }));
        const token = newSessionToken(now);
        await tx.sessions.insert(sessionRecord({ personId: person.id, token, at: now }));
        filled.push({ personId: person.id, username, token });
      }
    });
  }
  return filled;
}
