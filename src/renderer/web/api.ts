/** The HTTP API as the pages call it: one typed function, failures as data. */

import { isErrorCode, type Outcome } from '../../contract/errors.ts';
import type { ApprovalRequest, ApprovalStatus } from '../../contract/http/approvals.ts';
import type { CodeEnrollment, SpareCodes } from '../../contract/http/codes.ts';
import { ROUTES, type RouteName } from '../../contract/http/routes.ts';
import type { Authenticator, CodeForm, CreationCeremony, PairingCode, RequestCeremony, Session } from '../../contract/http/shapes.ts';
import type { Parsed } from '../../contract/parse.ts';
import type { AssertionJson, CreationOptionsJson, RegistrationJson, RequestOptionsJson } from '../../contract/tokens.ts';

type Creation = Omit<Parsed<typeof CreationCeremony>, 'options'> & { readonly options: CreationOptionsJson };
type Request = Omit<Parsed<typeof RequestCeremony>, 'options'> & { readonly options: RequestOptionsJson };

/** What the pages send and get, for the routes that they use. */
interface Calls {
  session: { body: undefined; answer: Session };
  passwordStep: { body: { username: string; password: string; challengeId?: string }; answer: Session };
  assertionOptions: { body: { challengeId?: string }; answer: Request };
  assertionStep: { body: { ceremonyId: string; credential: AssertionJson }; answer: Session };
  codeStep: { body: { code: string; challengeId?: string }; answer: Session };
  spareCodeStep: { body: { code: string; challengeId?: string }; answer: Session };
  beginApproval: { body: { challengeId?: string }; answer: ApprovalRequest };
  approval: { body: undefined; answer: ApprovalStatus };
  finishApproval: { body: undefined; answer: Session };
  cancelApproval: { body: undefined; answer: null };
  signOut: { body: undefined; answer: null };
  authenticators: { body: undefined; answer: { authenticators: Authenticator[] } };
  registrationOptions: { body: Record<string, never>; answer: Creation };
  registration: { body: { ceremonyId: string; name: string; credential: RegistrationJson }; answer: { authenticator: Authenticator } };
  changeAuthenticator: { body: { name?: string; preferred?: true }; answer: { authenticator: Authenticator } };
  removeAuthenticator: { body: undefined; answer: null };
  codeEnrollment: { body: { kind?: 'totp' | 'hotp'; form?: CodeForm }; answer: CodeEnrollment };
  finishCodeEnrollment: { body: { code: string; name: string }; answer: { authenticator: Authenticator } };
  spareCodes: { body: Record<string, never>; answer: SpareCodes };
  resumeApprovals: { body: Record<string, never>; answer: null };
  pairingCode: { body: Record<string, never>; answer: Parsed<typeof PairingCode> };
}

export type WebRoute = keyof Calls & RouteName;

interface Extra {
  /** For the `:id` of the address. */
  readonly id?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Calls one route of the backend that served this page.
 * @returns what the route answers; `backend.unreachable` where there was no answer at all
 */
export async function call<R extends WebRoute>(route: R, body: Calls[R]['body'], extra: Extra = {}): Promise<Outcome<Calls[R]['answer']>> {
  const { method, path } = ROUTES[route];
  const query = extra.query === undefined ? '' : `?${new URLSearchParams(extra.query)}`;
  const address = path.replace(':id', encodeURIComponent(extra.id ?? '')) + query;
  const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store', headers: { accept: 'application/json' } };
  if (extra.signal !== undefined) init.signal = extra.signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, 'content-type': 'application/json' };
  }
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch {
    return { ok: false, code: 'backend.unreachable', detail: {} };
  }
  return read<Calls[R]['answer']>(response);
}

/** Gives a request up while its page goes away: the browser sends it all the same, and nobody waits for the answer. */
export function cancelWhileLeaving(id: string): void {
  const { method, path } = ROUTES.cancelApproval;
  void fetch(path.replace(':id', encodeURIComponent(id)), { method, credentials: 'same-origin', keepalive: true }).catch(() => undefined);
}

async function read<T>(response: Response): Promise<Outcome<T>> {
  let content: unknown = null;
  try {
    if (response.status !== 204) content = await response.json();
  } catch {
    return { ok: false, code: 'internal', detail: { status: response.status } };
  }
  if (response.ok) return { ok: true, value: content as T };
  return problem(content, response.status);
}

/** Reads problem details (RFC 9457). A code of a newer backend than this page becomes `internal`. */
function problem(content: unknown, status: number): Outcome<never> {
  if (typeof content !== 'object' || content === null || !('code' in content) || !isErrorCode(content.code)) {
    return { ok: false, code: 'internal', detail: { status } };
  }
  const detail: Record<string, string | number | boolean | null> = {};
  if ('facts' in content && typeof content.facts === 'object' && content.facts !== null) {
    for (const [name, fact] of Object.entries(content.facts)) {
      if (fact === null || typeof fact === 'string' || typeof fact === 'number' || typeof fact === 'boolean') detail[name] = fact;
    }
  }
  return { ok: false, code: content.code, detail };
}
