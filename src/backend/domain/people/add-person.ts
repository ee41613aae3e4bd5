import { newId, newSecret } from '../identifiers.ts';
import type { PersonRecord, Role } from '../model.ts';
import { usernameKey } from '../usernames.ts';

/** A new person, not yet stored. `passwordHash` null: no password works until one is set. */
export function newPerson(from: {
  username: string;
  displayName: string;
  role: Role;
  passwordHash: string | null;
  now: number;
}): PersonRecord {
  return {
    id: newId(),
    username: from.username,
    usernameKey: usernameKey(from.username),
    displayName: from.displayName,
    role: from.role,
    passwordHash: from.passwordHash,
    userHandle: newSecret(),
    disabledAt: null,
    version: 1,
    approvalsStoppedAt: null,
    preferredAt: null,
    preferredBy: null,
    createdAt: from.now,
  };
}
