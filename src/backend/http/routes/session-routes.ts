import { BeginAssertion, FinishAssertion, PasswordStep, RequestCeremony, Session, SessionQuery } from '../../../contract/http/shapes.ts';
import { instant } from '../../domain/clock.ts';
import { passwordStep } from '../../domain/people/password-step.ts';
import { tellSession } from '../../domain/sessions/describe-session.ts';
import { beginSecondStep, finishSecondStep } from '../../domain/sessions/second-step.ts';
import { signOut } from '../../domain/sessions/sign-out.ts';
import { type Serving, serve } from '../route.ts';

export function sessionRoutes(serving: Serving): void {
  const { domain } = serving;

  serve(serving, 'session', {
    summary: 'How far this browser is signed in.',
    query: SessionQuery,
    answers: { 200: Session },
    handle: async ({ query, sessionToken }) => ({ status: 200, body: await tellSession(domain, sessionToken, query.challenge ?? null) }),
  });

  serve(serving, 'passwordStep', {
    summary: 'The first step: user name and password.',
    body: PasswordStep,
    answers: { 200: Session },
    async handle({ caller, body, sessionToken }) {
      const challengeId = body.challengeId ?? null;
      const opened = await passwordStep(domain, caller, {
        username: body.username,
        password: body.password,
        challengeId,
        previousToken: sessionToken,
      });
      return { status: 200, body: await tellSession(domain, opened.token, challengeId), sessionToken: opened.token };
    },
  });

  serve(serving, 'assertionOptions', {
    summary: 'Asks for the second step: options for navigator.credentials.get().',
    body: BeginAssertion,
    bodyOptional: true,
    answers: { 200: RequestCeremony },
    async handle({ caller, who, body }) {
      const { ceremony, options } = await beginSecondStep(domain, caller, who, body.challengeId ?? null);
      return { status: 200, body: { ceremonyId: ceremony.id, expiresAt: instant(ceremony.expiresAt), options } };
    },
  });

  serve(serving, 'assertionStep', {
    summary: 'The second step: the answer of the key.',
    body: FinishAssertion,
    answers: { 200: Session },
    async handle({ caller, who, body }) {
      const token = await finishSecondStep(domain, caller, who, body);
      return { status: 200, body: await tellSession(domain, token), sessionToken: token };
    },
  });

  serve(serving, 'signOut', {
    summary: 'Ends the session, here and on the server.',
    answers: { 204: null },
    async handle({ caller, sessionToken }) {
      await signOut(domain, caller, sessionToken);
      return { status: 204, sessionToken: null };
    },
  });
}
