import { DoorstepError } from '../../../contract/errors.ts';
import type { Domain } from '../domain.ts';
import { hashSecret } from '../identifiers.ts';
import type { ServiceRecord } from '../model.ts';

/** The service that a bearer key belongs to. Throws `service.key-wrong`. */
export async function requireService(domain: Domain, key: string | null): Promise<ServiceRecord> {
  const service = key === null ? null : await domain.store.read.services.byKeyHash(hashSecret(key));
  if (service === null || service.disabledAt !== null) throw new DoorstepError('service.key-wrong');
  return service;
}
