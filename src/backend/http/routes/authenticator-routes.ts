import {
  AuthenticatorList,
  ChangeAuthenticator,
  CreationCeremony,
  FinishRegistration,
  OneAuthenticator,
  PairingCode,
} from '../../../contract/http/shapes.ts';
import { RemoveAuthenticatorQuery } from '../../../contract/http/sync.ts';
import { changeAuthenticator } from '../../domain/authenticators/change.ts';
import { beginRegistration, finishRegistration } from '../../domain/authenticators/register.ts';
import { removeAuthenticator } from '../../domain/authenticators/remove.ts';
import { wayRules } from '../../domain/authenticators/ways.ts';
import type { Asker } from '../../domain/ceremonies/asker.ts';
import { instant } from '../../domain/clock.ts';
import { makePairingCode } from '../../domain/devices/pairing-code.ts';
import type { CurrentSession } from '../../domain/sessions/current-session.ts';
import { authenticatorView } from '../../domain/views.ts';
import { type Serving, serve } from '../route.ts';
import { OneId } from './params.ts';

function askerOf({ session, person }: CurrentSession): Asker {
  return { kind: 'session', session, person };
}

export function authenticatorRoutes(serving: Serving): void {
  const { domain } = serving;

  serve(serving, 'authenticators', {
    summary: 'The keys and computers of the person.',
    answers: { 200: AuthenticatorList },
    handle: async ({ who }) => ({
      status: 200,
      body: {
        authenticators: who.authenticators.map(authenticatorView),
        approvalsStopped: wayRules(domain.policy, who.person).approvalsStopped,
      },
    }),
  });

  serve(serving, 'registrationOptions', {
    summary: 'Asks for a new key: options for navigator.credentials.create().',
    answers: { 200: CreationCeremony },
    async handle({ who }) {
      const { ceremony, options } = await beginRegistration(domain, askerOf(who));
      return { status: 200, body: { ceremonyId: ceremony.id, expiresAt: instant(ceremony.expiresAt), options } };
    },
  });

  serve(serving, 'registration', {
    summary: 'Adds the key that answered. The first one also finishes the sign-in.',
    body: FinishRegistration,
    answers: { 201: OneAuthenticator },
    async handle({ caller, who, body }) {
      const { authenticator, token } = await finishRegistration(domain, caller, askerOf(who), body);
      return { status: 201, body: { authenticator }, ...(token === null ? {} : { sessionToken: token }) };
    },
  });

  serve(serving, 'changeAuthenticator', {
    summary: 'Renames a key or a computer, or makes a key first choice.',
    params: OneId,
    body: ChangeAuthenticator,
    answers: { 200: OneAuthenticator },
    handle: async ({ caller, who, params, body }) => ({
      status: 200,
      body: { authenticator: await changeAuthenticator(domain, caller, askerOf(who), { id: params.id, ...body }) },
    }),
  });

  serve(serving, 'removeAuthenticator', {
    summary: 'Removes a key or a computer. It stops working at once.',
    params: OneId,
    query: RemoveAuthenticatorQuery,
    answers: { 204: null },
    async handle({ caller, who, params, query }) {
      await removeAuthenticator(domain, caller, askerOf(who), { ...params, ...query });
      return { status: 204 };
    },
  });

  serve(serving, 'pairingCode', {
    summary: 'A code that connects a computer, once, for ten minutes.',
    answers: { 201: PairingCode },
    handle: async ({ caller, who }) => ({ status: 201, body: await makePairingCode(domain, caller, who.person, 'person') }),
  });
}
