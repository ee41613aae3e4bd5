import { DoorstepError } from '../../../contract/errors.ts';
import { APPROVAL_STATEMENT_TYPE, ApprovalStatement, DecideChallenge } from '../../../contract/http/approvals.ts';
import {
  CreationCeremony,
  DeviceSnapshot,
  FinishAssertion,
  FinishRegistration,
  OneAuthenticator,
  PairDevice,
  PairedDevice,
  RequestCeremony,
} from '../../../contract/http/shapes.ts';
import { ChangeResults, DeviceChanges, DeviceHello, DeviceWelcome, EventsQuery } from '../../../contract/http/sync.ts';
import { parseStrict } from '../../../contract/parse.ts';
import { decideChallenge } from '../../domain/approvals/decide.ts';
import { beginRegistration, finishRegistration } from '../../domain/authenticators/register.ts';
import { removeAuthenticator } from '../../domain/authenticators/remove.ts';
import { beginTry, finishTry } from '../../domain/authenticators/try.ts';
import type { Asker } from '../../domain/ceremonies/asker.ts';
import { beginChallengeAnswer, finishChallengeAnswer } from '../../domain/challenges/answer-challenge.ts';
import { instant } from '../../domain/clock.ts';
import { applyDeviceChanges } from '../../domain/devices/device-changes.ts';
import type { CurrentDevice } from '../../domain/devices/device-request.ts';
import { greetDevice } from '../../domain/devices/greet-device.ts';
import { pairDevice } from '../../domain/devices/pair-device.ts';
import { deviceSnapshot } from '../../domain/devices/snapshot.ts';
import type { Question } from '../../domain/sessions/second-step.ts';
import { proveDeviceSignature, readDeviceSignature, readSignedPayload } from '../device-signature.ts';
import type { EventStreams } from '../event-streams.ts';
import { rawBody } from '../raw-body.ts';
import { type Serving, serve } from '../route.ts';
import { OneId } from './params.ts';

function askerOf({ device, person }: CurrentDevice): Asker {
  return { kind: 'device', device, person };
}

function ceremonyOf({ ceremony, options }: Question<unknown>): { ceremonyId: string; expiresAt: string; options: unknown } {
  return { ceremonyId: ceremony.id, expiresAt: instant(ceremony.expiresAt), options };
}

export function deviceRoutes(serving: Serving, streams: EventStreams): void {
  const { domain } = serving;

  serve(serving, 'pairDevice', {
    summary: 'Connects a computer with a code. Signed with the key that is being paired.',
    body: PairDevice,
    answers: { 201: PairedDevice },
    async handle({ caller, body, request }) {
      const signed = readDeviceSignature(request);
      const { x, y } = body.publicKey;
      if (signed.claims.sub !== '' || signed.key?.x !== x || signed.key.y !== y) throw new DoorstepError('device.signature-wrong');
      proveDeviceSignature(signed, {
        method: request.method,
        address: `${domain.organization.origin}${request.raw.url ?? ''}`,
        body: rawBody(request),
        key: { x, y },
        now: domain.clock.now(),
      });
      return { status: 201, body: await pairDevice(domain, caller, { ...body, publicKey: { x, y }, nonce: signed.claims.jti }) };
    },
  });

  serve(serving, 'deviceHello', {
    summary: 'Connects: a new generation of the key to show from now on, and all that this computer shows.',
    body: DeviceHello,
    admitsLater: true,
    answers: { 200: DeviceWelcome },
    handle: async ({ caller, who }) => ({ status: 200, body: await greetDevice(domain, caller, who) }),
  });

  serve(serving, 'deviceSnapshot', {
    summary: 'All that this computer shows of its person.',
    answers: { 200: DeviceSnapshot },
    handle: async ({ who }) => ({ status: 200, body: await deviceSnapshot(domain, who) }),
  });

  serve(serving, 'deviceEvents', {
    summary: 'Server-sent events: each is the snapshot as it is now.',
    query: EventsQuery,
    answers: { 200: null },
    async handle({ who, query, reply }) {
      await streams.open(who, query.since === undefined ? null : Number(query.since), reply);
      return null;
    },
  });

  serve(serving, 'unpairDevice', {
    summary: 'Disconnects this computer.',
    answers: { 204: null },
    async handle({ caller, who }) {
      await removeAuthenticator(domain, caller, askerOf(who), { id: who.device.id });
      return { status: 204 };
    },
  });

  serve(serving, 'deviceRegistrationOptions', {
    summary: 'Asks for a new key at this computer.',
    answers: { 200: CreationCeremony },
    handle: async ({ who }) => ({ status: 200, body: ceremonyOf(await beginRegistration(domain, askerOf(who))) }),
  });

  serve(serving, 'deviceRegistration', {
    summary: 'Adds the key that answered at this computer.',
    body: FinishRegistration,
    answers: { 201: OneAuthenticator },
    async handle({ caller, who, body }) {
      const { authenticator } = await finishRegistration(domain, caller, askerOf(who), body);
      return { status: 201, body: { authenticator } };
    },
  });

  serve(serving, 'deviceChanges', {
    summary: 'Changes that were made at this computer, perhaps while it was offline; each is done once.',
    body: DeviceChanges,
    admitsLater: true,
    answers: { 200: ChangeResults },
    handle: async ({ caller, who, body }) => ({ status: 200, body: await applyDeviceChanges(domain, caller, who, body.changes) }),
  });

  serve(serving, 'deviceTryOptions', {
    summary: 'Asks whether a key still works.',
    answers: { 200: RequestCeremony },
    handle: async ({ who }) => ({ status: 200, body: ceremonyOf(await beginTry(domain, askerOf(who))) }),
  });

  serve(serving, 'deviceTry', {
    summary: 'The answer of the key that was tried.',
    body: FinishAssertion,
    answers: { 200: OneAuthenticator },
    handle: async ({ caller, who, body }) => ({
      status: 200,
      body: { authenticator: await finishTry(domain, caller, askerOf(who), body) },
    }),
  });

  serve(serving, 'deviceChallengeOptions', {
    summary: 'Asks for the key that answers a waiting request.',
    params: OneId,
    answers: { 200: RequestCeremony },
    handle: async ({ caller, who, params }) => ({
      status: 200,
      body: ceremonyOf(await beginChallengeAnswer(domain, caller, askerOf(who), params.id)),
    }),
  });

  serve(serving, 'deviceChallengeAnswer', {
    summary: 'Approves a waiting request with a key.',
    params: OneId,
    body: FinishAssertion,
    answers: { 204: null },
    async handle({ caller, who, params, body }) {
      await finishChallengeAnswer(domain, caller, askerOf(who), { challengeId: params.id, ...body });
      return { status: 204 };
    },
  });

  serve(serving, 'deviceDecision', {
    summary: 'Approves a waiting request with the number, denies it, or says "this wasn’t me": a signed statement.',
    params: OneId,
    body: DecideChallenge,
    admitsLater: true,
    answers: { 204: null },
    async handle({ caller, who, params, body }) {
      const statement = await readStatement(body.statement, who.device);
      await decideChallenge(domain, caller, who, { challengeId: params.id, statement });
      return { status: 204 };
    },
  });
}

/** What the desktop signed; null where its key did not, or where it is nothing of the kind. */
async function readStatement(statement: string, { deviceKey }: CurrentDevice['device']): Promise<ApprovalStatement | null> {
  if (deviceKey === null) return null;
  const payload = readSignedPayload(statement, APPROVAL_STATEMENT_TYPE, deviceKey);
  return parseStrict(ApprovalStatement, payload);
}
