/** Who may call what: one guard for each word of `Guard` in the contract. A guard either answers who calls, or throws. */
import type { FastifyRequest } from 'fastify';
import { DoorstepError } from '../../contract/errors.ts';
import type { Guard } from '../../contract/http/routes.ts';
import { hasAnyWay, wayRules } from '../domain/authenticators/ways.ts';
import { type CurrentDevice, refuseReplay, requireDevice, touchDevice } from '../domain/devices/device-request.ts';
import type { Domain } from '../domain/domain.ts';
import type { ServiceRecord } from '../domain/model.ts';
import { requireService } from '../domain/services/service-key.ts';
import { type CurrentSession, currentSession, isFresh } from '../domain/sessions/current-session.ts';
import type { SessionCookie } from './cookies.ts';
import { proveDeviceSignature, readDeviceSignature } from './device-signature.ts';
import { rawBody } from './raw-body.ts';

/** What each guard hands to the route behind it. */
export interface Guarded {
  open: null;
  password: CurrentSession;
  enrolling: CurrentSession;
  full: CurrentSession;
  fresh: CurrentSession;
  device: CurrentDevice;
  service: ServiceRecord;
}

export type Guards = { readonly [G in Guard]: (request: FastifyRequest) => Promise<Guarded[G]> };

export function createGuards(domain: Domain, cookie: SessionCookie): Guards {
  const signedIn = async (request: FastifyRequest): Promise<CurrentSession> => {
    const current = await currentSession(domain, cookie.read(request));
    if (current === null) throw new DoorstepError('session.missing');
    return current;
  };
  const full = async (request: FastifyRequest): Promise<CurrentSession> => {
    const current = await signedIn(request);
    if (current.session.state !== 'full') throw missingStep(domain, current);
    return current;
  };
  const fresh = async (request: FastifyRequest): Promise<CurrentSession> => {
    const current = await full(request);
    if (!isFresh(domain, current.session)) throw new DoorstepError('session.stale');
    return current;
  };
  return {
    open: async () => null,
    password: signedIn,
    async enrolling(request) {
      const current = await signedIn(request);
      return current.session.state === 'enrolling' ? current : fresh(request);
    },
    full,
    fresh,
    device: (request) => signingDevice(domain, request),
    async service(request) {
      const [scheme, key, ...rest] = (request.headers.authorization ?? '').split(' ');
      return requireService(domain, scheme?.toLowerCase() === 'bearer' && rest.length === 0 && key ? key : null);
    },
  };
}

/** A person without any way cannot finish: what they lack is a claim code, not a second step. */
function missingStep(domain: Domain, { authenticators, session, person }: CurrentSession): DoorstepError {
  const stuck = session.state === 'password' && !hasAnyWay(authenticators, wayRules(domain.policy, person));
  return new DoorstepError(stuck ? 'enrollment.needs-claim' : 'session.second-step-missing');
}

async function signingDevice(domain: Domain, request: FastifyRequest): Promise<CurrentDevice> {
  const signed = readDeviceSignature(request);
  const current = await requireDevice(domain, signed.claims.sub);
  if (current.device.deviceKey === null) throw new DoorstepError('device.unknown');
  await proveDeviceSignature(signed, {
    method: request.method,
    address: `${domain.organization.origin}${request.raw.url ?? ''}`,
    body: rawBody(request),
    key: current.device.deviceKey,
    now: domain.clock.now(),
  });
  await refuseReplay(domain, current.device.id, signed.claims.jti);
  await touchDevice(domain, { source: request.ip }, current);
  return current;
}
