/** The code that connects a computer: made on a page where the person is signed in, typed into the desktop app. */
import { randomInt } from 'node:crypto';
import type { PairingCode } from '../../../contract/http/shapes.ts';
import { instant } from '../clock.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId, newSecret } from '../identifiers.ts';
import type { PersonRecord } from '../model.ts';

/** 28 signs, none of which looks like another: no I, O, S, Z, 0, 1, 2, 5. Eight of them are 38 bits. */
const SIGNS = 'ABCDEFGHJKLMNPQRTUVWXY346789';
const LENGTH = 8;
const SALT_FACT = 'pairing-salt';

/** As it was written down, spaces, dashes and case aside; null where it cannot be a code. */
export function readPairingCode(typed: string): string | null {
  const code = typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}]/gu, '');
  return code.length === LENGTH && [...code].every((sign) => SIGNS.includes(sign)) ? code : null;
}

/** A slow hash: what 38 bits stand for could be guessed from a fast one while the code lives. */
export async function hashPairingCode(domain: Domain, code: string): Promise<string> {
  return domain.passwords.digest(code, await installationSalt(domain));
}

async function installationSalt(domain: Domain): Promise<string> {
  const known = await domain.store.read.facts.get(SALT_FACT);
  if (known !== null) return known;
  return domain.store.transaction(async (tx) => {
    await tx.facts.insert(SALT_FACT, newSecret());
    return (await tx.facts.get(SALT_FACT)) ?? '';
  });
}

/** A new code for the person; an earlier one ends. It works once, for ten minutes. */
export async function makePairingCode(domain: Domain, caller: Caller, person: PersonRecord, by: 'person' | 'system'): Promise<PairingCode> {
  const code = Array.from({ length: LENGTH }, () => SIGNS[randomInt(SIGNS.length)]).join('');
  const codeHash = await hashPairingCode(domain, code);
  const now = domain.clock.now();
  const expiresAt = now + domain.policy.pairingCodeLife;
  await domain.store.transaction(async (tx) => {
    const id = newId();
    await tx.pairing.insert({ id, codeHash, personId: person.id, createdAt: now, expiresAt, usedAt: null });
    await tx.audit.append(
      {
        event: 'pairing.code-made',
        outcome: 'done',
        actor: by === 'person' ? { kind: 'person', id: person.id } : { kind: 'system', id: null },
        personId: person.id,
        subjectId: id,
        source: caller.source,
        reason: null,
        facts: {},
      },
      now,
    );
  });
  return { code: `${code.slice(0, 4)}-${code.slice(4)}`, expiresAt: instant(expiresAt) };
}
