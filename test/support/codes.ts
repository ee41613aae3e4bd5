/** People who give codes, as an app or a token would: from the seed that the enrollment told, by the project's own arithmetic. */

import type { Static } from 'typebox';
import { defaultPolicy, type Policy } from '../../src/backend/domain/policy.ts';
import type { CodeEnrollment } from '../../src/contract/http/codes.ts';
import type { CodeForm, OneAuthenticator } from '../../src/contract/http/shapes.ts';
import { decodeBase32 } from '../../src/oath/base32.ts';
import { hotp } from '../../src/oath/hotp.ts';
import { stepAt } from '../../src/oath/totp.ts';
import type { ApiAnswer, Browser, Desktop } from './backend.ts';

export interface Giver {
  readonly id: string;
  readonly enrollment: CodeEnrollment;
  /** The code of a time step or a counter. */
  at(position: number): string;
}

export function giverOf(enrollment: CodeEnrollment): Giver {
  const key = decodeBase32(enrollment.secret);
  const { algorithm, digits } = enrollment.form;
  return { id: enrollment.enrollmentId, enrollment, at: (position) => hotp(key, position, { algorithm, digits }) };
}

export interface Wanted {
  readonly kind?: 'totp' | 'hotp';
  readonly form?: CodeForm;
  readonly name?: string;
}

/** The time step that `now` (ms since 1970) lies in. */
export function step(giver: Giver, now: number): number {
  return stepAt(now, giver.enrollment.form.period ?? 30);
}

/** Enrolls a source of codes; it is proved with the code of `now`, or with that of counter 0. */
export async function enrollCodes(who: Browser | Desktop, now: number, { name = 'My codes', ...wanted }: Wanted = {}): Promise<Giver> {
  const at =
    'deviceId' in who
      ? (['deviceCodeEnrollment', 'deviceFinishCodeEnrollment'] as const)
      : (['codeEnrollment', 'finishCodeEnrollment'] as const);
  const begun = await who.call<CodeEnrollment>(at[0], { body: wanted });
  if (begun.status !== 201) throw new Error(`no enrollment: ${begun.status} ${JSON.stringify(begun.body)}`);
  const giver = giverOf(begun.body);
  const position = giver.enrollment.kind === 'hotp' ? 0 : step(giver, now);
  const done: ApiAnswer<Static<typeof OneAuthenticator>> = await who.call(at[1], {
    params: { id: giver.id },
    body: { code: giver.at(position), name },
  });
  if (done.status !== 201) throw new Error(`not proved: ${done.status} ${JSON.stringify(done.body)}`);
  return giver;
}

/** A code that the giver does not give anywhere near `position`. */
export function wrongCode(giver: Giver, position: number, reach = 1_100): string {
  const near = new Set(Array.from({ length: 2 * reach + 1 }, (_, index) => giver.at(Math.max(0, position - reach + index))));
  for (let guess = 0; ; guess += 1) {
    const code = String((guess * 7_919) % 1_000_000).padStart(giver.enrollment.form.digits, '0');
    if (!near.has(code)) return code;
  }
}

export const LONG = 4_000 * 3_600_000;
const NEVER = { free: 1_000_000, firstWait: 1, longestWait: 3_600_000, lockAfter: null, forgetEvery: null };

/** Nobody waits for the codes that they typed, however many, and no session ends meanwhile. */
export const patientPolicy = (members: Partial<Policy> = {}): Partial<Policy> => ({
  sessionIdle: LONG,
  sessionTotal: LONG,
  limits: {
    ...defaultPolicy.limits,
    pushesPerPerson: NEVER,
    codePerPersonAndPlace: NEVER,
    codePerAuthenticator: NEVER,
    codePerSource: NEVER,
  },
  ...members,
});
