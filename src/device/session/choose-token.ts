/** Several tokens are plugged in: the one that is touched is meant (CTAP 2.1 section 6.9). */
import { DoorstepError } from '../../contract/errors.ts';
import { makeCredential } from '../ctap2/make-credential.ts';
import { selection } from '../ctap2/selection.ts';
import { STATUS, statusError } from '../ctap2/status.ts';
import type { Ceremony } from './human.ts';
import { ES256 } from './options.ts';
import type { SessionToken } from './token.ts';
import { touching } from './touch.ts';
import { bareTouch } from './u2f.ts';

/**
 * The token that the person touches first; the others are canceled and have ended when this resolves.
 * One token alone is taken without a touch. Throws `token.none`, `token.not-touched` when all gave up, `token.canceled`.
 */
export async function chooseToken(tokens: readonly SessionToken[], ceremony: Ceremony): Promise<SessionToken> {
  const [only] = tokens;
  if (only === undefined) throw new DoorstepError('token.none');
  if (tokens.length === 1) return only;
  const stop = new AbortController();
  const contest: Ceremony = { ...ceremony, signal: AbortSignal.any([ceremony.signal, stop.signal]) };
  const tries = tokens.map(async (token) => {
    await touched(token, contest);
    // Only one can be first: whoever comes here after the others were told to stop has lost.
    if (stop.signal.aborted) throw new DoorstepError('token.canceled');
    stop.abort();
    return token;
  });
  return touching(tokens, 'choose', ceremony, async () => {
    const ends = await Promise.allSettled(tries);
    const winner = ends.find((end) => end.status === 'fulfilled');
    if (winner !== undefined) return winner.value;
    const [first] = ends;
    throw first?.status === 'rejected' ? first.reason : new DoorstepError('token.not-touched');
  });
}

/** Resolves when the token was touched; throws for every other end. */
async function touched(token: SessionToken, ceremony: Ceremony): Promise<void> {
  const { info } = token;
  if (info === null) {
    await bareTouch(token, ceremony);
    return;
  }
  const options = { signal: ceremony.signal };
  if (info.versions.includes('FIDO_2_1')) {
    const answer = await selection(token.link, options);
    if (answer.ok) return;
    // CTAP 2.1 section 6.9 has the command in every FIDO_2_1 token, but not every token has read that.
    if (answer.status !== STATUS.invalidCommand) throw statusError(answer.status);
  }
  await touchedBefore21(token, ceremony);
}

/** CTAP 2.0: an empty pinUvAuthParam makes the token wait for a touch and then complain (section 6.1.2 step 1). */
async function touchedBefore21(token: SessionToken, ceremony: Ceremony): Promise<void> {
  const answer = await makeCredential(
    token.link,
    {
      clientDataHash: new Uint8Array(32),
      rp: { id: '.dummy', name: 'dummy' },
      user: { id: Uint8Array.of(1), name: 'dummy' },
      algorithms: [ES256],
      pinUvAuth: { protocol: 1, param: new Uint8Array(0) },
    },
    { signal: ceremony.signal },
  );
  if (answer.ok) return;
  const yes = answer.status === STATUS.pinInvalid || answer.status === STATUS.pinNotSet || answer.status === STATUS.pinAuthInvalid;
  if (!yes) throw statusError(answer.status);
}
