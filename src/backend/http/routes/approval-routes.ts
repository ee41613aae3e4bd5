import { Type } from 'typebox';
import { ApprovalQuery, ApprovalRequest, ApprovalStatus, BeginApproval } from '../../../contract/http/approvals.ts';
import { Session } from '../../../contract/http/shapes.ts';
import { beginApproval } from '../../domain/approvals/begin-approval.ts';
import { cancelApproval } from '../../domain/approvals/cancel-approval.ts';
import { finishApproval } from '../../domain/approvals/finish-approval.ts';
import { resumeApprovals } from '../../domain/approvals/not-me.ts';
import { readApproval } from '../../domain/approvals/read-approval.ts';
import { awaitEnd } from '../../domain/challenges/await-end.ts';
import { currentSession } from '../../domain/sessions/current-session.ts';
import { describeSession } from '../../domain/sessions/describe-session.ts';
import { browserWords } from '../browser-words.ts';
import { type Serving, serve } from '../route.ts';
import { whileConnected } from '../waiting.ts';
import { OneId } from './params.ts';

/** A page that has nothing to say may send no body at all, or an empty one. */
const Nothing = Type.Object({}, { additionalProperties: false });

/** `stopping` ends long polls when the server stops. */
export function approvalRoutes(serving: Serving, stopping: AbortSignal): void {
  const { domain } = serving;

  serve(serving, 'beginApproval', {
    summary: 'Asks the computers of the person; answers the number to show.',
    body: BeginApproval,
    bodyOptional: true,
    answers: { 201: ApprovalRequest },
    async handle({ caller, who, body, request }) {
      const browser = browserWords(request.headers['user-agent']);
      return { status: 201, body: await beginApproval(domain, caller, who, { challengeId: body.challengeId ?? null, browser }) };
    },
  });

  serve(serving, 'approval', {
    summary: 'What has become of it; with `wait`, once it has ended.',
    params: OneId,
    query: ApprovalQuery,
    answers: { 200: ApprovalStatus },
    async handle({ who, params, query, request }) {
      const waitMs = Number(query.wait ?? '0') * 1_000;
      const read = () => readApproval(domain, who, params.id);
      const body = await whileConnected(request, stopping, (signal) => awaitEnd(domain, params.id, read, { waitMs, signal }));
      return { status: 200, body };
    },
  });

  serve(serving, 'finishApproval', {
    summary: 'Signs in by an approved request: once, soon, by the session that began it.',
    params: OneId,
    body: Nothing,
    bodyOptional: true,
    answers: { 200: Session },
    async handle({ caller, who, params }) {
      const token = await finishApproval(domain, caller, who, params.id);
      return { status: 200, body: await describeSession(domain, await currentSession(domain, token), null), sessionToken: token };
    },
  });

  serve(serving, 'cancelApproval', {
    summary: 'Takes the request back.',
    params: OneId,
    answers: { 204: null },
    async handle({ caller, who, params }) {
      await cancelApproval(domain, caller, who, params.id);
      return { status: 204 };
    },
  });

  serve(serving, 'resumeApprovals', {
    summary: 'Opens requests again after "this wasn’t me"; the second step must have been a key.',
    body: Nothing,
    bodyOptional: true,
    answers: { 204: null },
    async handle({ caller, who }) {
      await resumeApprovals(domain, caller, who);
      return { status: 204 };
    },
  });
}
