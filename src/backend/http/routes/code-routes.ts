import {
  BeginCodeEnrollment,
  ChallengeCode,
  CodeEnrollment,
  CodeStep,
  FinishCodeEnrollment,
  SpareCodes,
} from '../../../contract/http/codes.ts';
import { Challenge, OneAuthenticator, Session } from '../../../contract/http/shapes.ts';
import type { Asker } from '../../domain/ceremonies/asker.ts';
import { answerWithCode } from '../../domain/codes/challenge-code.ts';
import { codeStep } from '../../domain/codes/code-step.ts';
import { beginCodeEnrollment, finishCodeEnrollment } from '../../domain/codes/enroll.ts';
import type { CurrentDevice } from '../../domain/devices/device-request.ts';
import { makeSpareCodes } from '../../domain/recovery-codes/make-sheet.ts';
import { spareCodeStep } from '../../domain/recovery-codes/spare-code-step.ts';
import type { CurrentSession } from '../../domain/sessions/current-session.ts';
import { tellSteppedUp } from '../../domain/sessions/describe-session.ts';
import { type Serving, serve } from '../route.ts';
import { OneId } from './params.ts';

function inBrowser({ session, person }: CurrentSession): Asker {
  return { kind: 'session', session, person };
}

function atDesktop({ device, person }: CurrentDevice): Asker {
  return { kind: 'device', device, person };
}

/** Every address that takes or makes a code. */
export function codeRoutes(serving: Serving): void {
  const { domain } = serving;

  serve(serving, 'codeStep', {
    summary: 'The second step: a code.',
    body: CodeStep,
    answers: { 200: Session },
    async handle({ caller, who, body }) {
      const token = await codeStep(domain, caller, who, { code: body.code, challengeId: body.challengeId ?? null });
      return { status: 200, body: await tellSteppedUp(domain, who, token, body.challengeId ?? null), sessionToken: token };
    },
  });

  serve(serving, 'spareCodeStep', {
    summary: 'The second step: a spare code. It is used up.',
    body: CodeStep,
    answers: { 200: Session },
    async handle({ caller, who, body }) {
      const token = await spareCodeStep(domain, caller, who, { code: body.code, challengeId: body.challengeId ?? null });
      return { status: 200, body: await tellSteppedUp(domain, who, token, body.challengeId ?? null), sessionToken: token };
    },
  });

  serve(serving, 'codeEnrollment', {
    summary: 'A new source of codes. It opens nothing before one code is proved.',
    body: BeginCodeEnrollment,
    bodyOptional: true,
    answers: { 201: CodeEnrollment },
    handle: async ({ caller, who, body }) => ({ status: 201, body: await beginCodeEnrollment(domain, caller, inBrowser(who), body) }),
  });

  serve(serving, 'finishCodeEnrollment', {
    summary: 'Proves a new source of codes with one code. The first way also finishes the sign-in.',
    params: OneId,
    body: FinishCodeEnrollment,
    answers: { 201: OneAuthenticator },
    async handle({ caller, who, params, body }) {
      const { authenticator, token } = await finishCodeEnrollment(domain, caller, inBrowser(who), { enrollmentId: params.id, ...body });
      return { status: 201, body: { authenticator }, ...(token === null ? {} : { sessionToken: token }) };
    },
  });

  serve(serving, 'spareCodes', {
    summary: 'A new sheet of spare codes. The one before stops working.',
    answers: { 201: SpareCodes },
    handle: async ({ caller, who }) => ({ status: 201, body: await makeSpareCodes(domain, caller, inBrowser(who)) }),
  });

  serve(serving, 'deviceCodeEnrollment', {
    summary: 'A new source of codes at this computer. It opens nothing before one code is proved.',
    body: BeginCodeEnrollment,
    bodyOptional: true,
    answers: { 201: CodeEnrollment },
    handle: async ({ caller, who, body }) => ({ status: 201, body: await beginCodeEnrollment(domain, caller, atDesktop(who), body) }),
  });

  serve(serving, 'deviceFinishCodeEnrollment', {
    summary: 'Proves the new source of codes at this computer with one code.',
    params: OneId,
    body: FinishCodeEnrollment,
    answers: { 201: OneAuthenticator },
    async handle({ caller, who, params, body }) {
      const { authenticator } = await finishCodeEnrollment(domain, caller, atDesktop(who), { enrollmentId: params.id, ...body });
      return { status: 201, body: { authenticator } };
    },
  });

  serve(serving, 'challengeCode', {
    summary: 'Answers a request with the code that the service took itself.',
    params: OneId,
    body: ChallengeCode,
    answers: { 200: Challenge },
    handle: async ({ caller, who, params, body }) => ({
      status: 200,
      body: await answerWithCode(domain, caller, who, { challengeId: params.id, code: body.code }),
    }),
  });
}
