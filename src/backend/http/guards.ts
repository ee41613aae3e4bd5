/** Who may call what: one guard for each word of `Guard` in the contract. A guard either answers who calls, or throws. */
import type { FastifyRequest } from 'fastify';
import { DoorstepError } from '../../contract/errors.ts';
import type { Guard } from '../../contract/http/routes.ts';
import { hasAnyWay, wayRules } from '../domain/authenticators/ways.ts';
import { admitted, type CurrentDevice, knownDevice, personOfDevice } from '../domain/devices/device-request.ts';
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

/** `later`: the use case admits the signed request itself, in its own transaction (see `admitRequest`). */
export type Guards = { readonly [G in Guard]: (request: FastifyRequest, later: boolean) => Promise<Guarded[G]> };

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
    device: (request, later) => signingDevice(domain, request, later),
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

async function signingDevice(domain: Domain, request: FastifyRequest, later: boolean): Promise<CurrentDevice> {
  const { claims, token, key } = readDeviceSignature(request);
  const device = await knownDevice(domain, claims.sub);
  if (device.deviceKey === null) throw new DoorstepError('device.unknown');
  proveDeviceSignature(
    { claims, token, key },
    {
      method: request.method,
      address: `${domain.organization.origin}${request.raw.url ?? ''}`,
      body: rawBody(request),
      key: device.deviceKey,
      now: domain.clock.now(),
    },
  );
  // Only whoever holds the key hears what has become of it.
  const person = await personOfDevice(domain, device);
  const signed = { nonce: claims.jti, generation: claims.gen ?? null, signedAt: claims.iat * 1_000 };
  const current: CurrentDevice = { device, person, signed };
  if (!later) await admitted(domain, { source: request.ip }, current, async () => ({ value: null }));
  return current;
}
