import { call } from './api.ts';

/** Whose pages these are; null where the backend does not say. */
export async function organizationName(): Promise<string | null> {
  const answer = await call('session', undefined);
  return answer.ok ? answer.value.organization.name : null;
}
