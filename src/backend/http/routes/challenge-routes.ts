import { Challenge, ChallengeQuery, CreateChallenge } from '../../../contract/http/shapes.ts';
import { awaitEnd } from '../../domain/challenges/await-end.ts';
import { cancelChallenge } from '../../domain/challenges/cancel-challenge.ts';
import { createChallenge } from '../../domain/challenges/create-challenge.ts';
import { readChallenge } from '../../domain/challenges/read-challenge.ts';
import { type Serving, serve } from '../route.ts';
import { whileConnected } from '../waiting.ts';
import { OneId } from './params.ts';

/** `stopping` ends long polls when the server stops. */
export function challengeRoutes(serving: Serving, stopping: AbortSignal): void {
  const { domain } = serving;

  serve(serving, 'createChallenge', {
    summary: 'Asks for a second step.',
    body: CreateChallenge,
    answers: { 201: Challenge },
    handle: async ({ caller, who, body }) => ({ status: 201, body: await createChallenge(domain, caller, who, body) }),
  });

  serve(serving, 'challenge', {
    summary: 'What has become of a request; with `wait`, once it has ended.',
    params: OneId,
    query: ChallengeQuery,
    answers: { 200: Challenge },
    async handle({ who, params, query, request }) {
      const waitMs = Number(query.wait ?? '0') * 1_000;
      const read = () => readChallenge(domain, who, params.id, query.code ?? null);
      const body = await whileConnected(request, stopping, (signal) => awaitEnd(domain, params.id, read, { waitMs, signal }));
      return { status: 200, body };
    },
  });

  serve(serving, 'cancelChallenge', {
    summary: 'Takes a request back.',
    params: OneId,
    answers: { 200: Challenge },
    handle: async ({ caller, who, params }) => ({ status: 200, body: await cancelChallenge(domain, caller, who, params.id) }),
  });
}
