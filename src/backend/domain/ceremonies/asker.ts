/** Where a WebAuthn question is asked, and by whom: a browser session or a paired desktop. Its answer is good there only. */
import type { AuditEntry } from '../audit.ts';
import type { AuthenticatorRecord, CeremonyRecord, PersonRecord, SessionRecord } from '../model.ts';

export type Asker =
  | { readonly kind: 'session'; readonly session: SessionRecord; readonly person: PersonRecord }
  | { readonly kind: 'device'; readonly device: AuthenticatorRecord; readonly person: PersonRecord };

export function askedAt(asker: Asker): Pick<CeremonyRecord, 'sessionId' | 'deviceId'> {
  return asker.kind === 'session' ? { sessionId: asker.session.id, deviceId: null } : { sessionId: null, deviceId: asker.device.id };
}

export function actorOf(asker: Asker): AuditEntry['actor'] {
  return asker.kind === 'session' ? { kind: 'person', id: asker.person.id } : { kind: 'device', id: asker.device.id };
}
