/** The demonstration organization: who is in it, and the two services that send people to sign in. */
import { randomInt } from 'node:crypto';
import type { Domain } from '../domain/domain.ts';
import { hashSecret, newId, newSecret } from '../domain/identifiers.ts';
import type { Role, ServiceRecord } from '../domain/model.ts';
import { newPerson } from '../domain/people/add-person.ts';

/** The person whom the desktop app of a first run belongs to. */
export const DEMO_PERSON = 'amina.yusuf';

const PEOPLE: readonly { username: string; displayName: string; role: Role }[] = [
  { username: DEMO_PERSON, displayName: 'Amina Yusuf', role: 'person' },
  { username: 'tomas.novak', displayName: 'Tomáš Novák', role: 'person' },
  { username: 'li.wei', displayName: 'Li Wei', role: 'person' },
  { username: 'grace.okafor', displayName: 'Grace Okafor', role: 'desk' },
  { username: 'jonas.lindqvist', displayName: 'Jonas Lindqvist', role: 'lab' },
];

export interface DemoAccount {
  readonly username: string;
  readonly displayName: string;
  readonly role: Role;
  /** Shown once, at the first run. */
  readonly password?: string;
}

const FACT = 'demo-organization';

/** Makes the people at the first run; later runs only list them. Of several processes exactly one makes them. */
export async function seedPeople(domain: Domain): Promise<{ firstRun: boolean; accounts: readonly DemoAccount[] }> {
  if ((await domain.store.read.facts.get(FACT)) !== null) return { firstRun: false, accounts: PEOPLE };
  const accounts = PEOPLE.map((person) => ({ ...person, password: newPassword() }));
  const hashes = await Promise.all(accounts.map(({ password }) => domain.passwords.hash(password)));
  const now = domain.clock.now();
  const first = await domain.store.transaction(async (tx) => {
    if (!(await tx.facts.insert(FACT, String(now)))) return false;
    for (const [index, account] of accounts.entries()) {
      const person = newPerson({ ...account, passwordHash: hashes[index] ?? null, now });
      await tx.people.insert(person);
      await tx.audit.append(
        {
          event: 'person.created',
          outcome: 'done',
          actor: { kind: 'system', id: null },
          personId: person.id,
          subjectId: null,
          source: null,
          reason: null,
          facts: { role: person.role, demonstration: true },
        },
        now,
      );
    }
    return true;
  });
  return first ? { firstRun: true, accounts } : { firstRun: false, accounts: PEOPLE };
}

const LETTERS = 'abcdefghjkmnpqrtuvwxy346789';

/** Four groups of four: 76 bits, easy to read out and to type. */
function newPassword(): string {
  const group = (): string => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

/** A new key for a demonstration service, which is made where it is missing. The old key stops working. */
export async function issueServiceKey(domain: Domain, name: string, returnAddresses: readonly string[]): Promise<string> {
  const key = newSecret();
  const fact = `demo-service:${name}`;
  const now = domain.clock.now();
  await domain.store.transaction(async (tx) => {
    const known = await tx.facts.get(fact);
    const service: ServiceRecord = {
      id: known ?? newId(),
      name,
      keyHash: hashSecret(key),
      returnAddresses,
      disabledAt: null,
      createdAt: now,
    };
    if (known === null) {
      await tx.services.insert(service);
      await tx.facts.insert(fact, service.id);
    } else await tx.services.replaceKey(known, service);
    await tx.audit.append(
      {
        event: known === null ? 'service.created' : 'service.key-replaced',
        outcome: 'done',
        actor: { kind: 'system', id: null },
        personId: null,
        subjectId: service.id,
        source: null,
        reason: null,
        facts: { name, demonstration: true },
      },
      now,
    );
  });
  return key;
}
