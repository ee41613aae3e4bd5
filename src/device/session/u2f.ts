/** U2F tokens as WebAuthn authenticators (CTAP 2.1 section 10): no verification, no passkeys, ES256 alone. */
import { DoorstepError } from '../../contract/errors.ts';
import type { AssertionJson, RegistrationJson } from '../../contract/tokens.ts';
import { concat, sha256, utf8 } from '../bytes.ts';
import { pause } from '../clock.ts';
import { authenticate, isMine } from '../ctap1/authenticate.ts';
import { register, type U2fRegistration } from '../ctap1/register.ts';
import { FLAG } from '../ctap2/auth-data.ts';
import { cborMap, encodeCbor } from '../ctap2/cbor.ts';
import { assertionJson } from './assertion-json.ts';
import type { Ceremony } from './human.ts';
import { type Creation, ES256, type Request } from './options.ts';
import { registrationJson } from './registration-json.ts';
import type { SessionToken } from './token.ts';
import { throwIfStopped, touching } from './touch.ts';

/** U2F has no keepalive: the token is asked again until somebody has touched it. */
const POLL_MS = 200;
const ZERO_AAGUID = new Uint8Array(16);

/** Asks until the touch came. Throws `token.canceled` when the ceremony stops. */
export async function untilTouched<T>(ceremony: Ceremony, ask: () => Promise<T | 'touch-needed'>): Promise<T> {
  for (;;) {
    throwIfStopped(ceremony);
    const answer = await ask();
    if (answer !== 'touch-needed') return answer;
    await pause(ceremony.clock, POLL_MS, ceremony.signal);
  }
}

/** A registration for nobody: the way in which a U2F token can be asked for a touch alone. */
export function bareTouch(token: SessionToken, ceremony: Ceremony): Promise<U2fRegistration> {
  return untilTouched(ceremony, () => register(token.link, new Uint8Array(32), new Uint8Array(32), { signal: ceremony.signal }));
}

/** Throws `token.unsupported` where more is required than U2F can do, `token.excluded`, and what a link throws. */
export async function registerU2f(token: SessionToken, creation: Creation, ceremony: Ceremony): Promise<RegistrationJson> {
  const { extensions } = creation;
  const beyond =
    creation.residentKey === 'required' ||
    creation.userVerification === 'required' ||
    extensions.largeBlob?.support === 'required' ||
    (extensions.enforceCredentialProtectionPolicy === true && extensions.credentialProtectionPolicy !== 'userVerificationOptional') ||
    !creation.algorithms.includes(ES256);
  if (beyond) throw new DoorstepError('token.unsupported', { reason: 'u2f' });
  const application = sha256(utf8(creation.rp.id));
  for (const id of creation.exclude) {
    if (!(await isMine(token.link, application, id, { signal: ceremony.signal }))) continue;
    // Only after a touch: nobody learns silently which keys are enrolled.
    await touching([token], 'use', ceremony, () => bareTouch(token, ceremony));
    throw new DoorstepError('token.excluded');
  }
  const made = await touching([token], 'use', ceremony, () =>
    untilTouched(ceremony, () => register(token.link, creation.clientDataHash, application, { signal: ceremony.signal })),
  );
  return registrationJson(creation, {
    credentialId: made.keyHandle,
    attestation: {
      format: 'fido-u2f',
      authData: attestedData(application, made),
      statement: cborMap([
        ['sig', made.signature],
        ['x5c', [made.certificate]],
      ]),
    },
    transports: ['usb'],
    extensions: creation.extensions.credProps === true ? { credProps: { rk: false } } : {},
  });
}

/** CTAP 2.1 section 10.1.1, figure "Example: U2F registration": flags AT and UP, counter 0, AAGUID zero. */
function attestedData(application: Uint8Array, { publicKey, keyHandle }: U2fRegistration): Uint8Array {
  const coseKey = encodeCbor(
    cborMap([
      [1, 2],
      [3, ES256],
      [-1, 1],
      [-2, publicKey.slice(1, 33)],
      [-3, publicKey.slice(33, 65)],
    ]),
  );
  const idLength = Uint8Array.of(keyHandle.length >> 8, keyHandle.length & 0xff);
  return concat(application, Uint8Array.of(FLAG.at | FLAG.up, 0, 0, 0, 0), ZERO_AAGUID, idLength, keyHandle, coseKey);
}

/** Throws `token.no-credentials` after a touch where no key handle is the token's, `token.unsupported`, and what a link throws. */
export async function assertU2f(token: SessionToken, request: Request, ceremony: Ceremony): Promise<AssertionJson> {
  if (request.userVerification === 'required') throw new DoorstepError('token.unsupported', { reason: 'u2f' });
  const application = sha256(utf8(request.rpId));
  for (const id of request.allow) {
    if (!(await isMine(token.link, application, id, { signal: ceremony.signal }))) continue;
    const signed = await touching([token], 'use', ceremony, () =>
      untilTouched(ceremony, () => authenticate(token.link, request.clientDataHash, application, id, { signal: ceremony.signal })),
    );
    // The token signed over this byte, so it becomes the flags as it is: more than the one bit that U2F knows would claim verification.
    if (signed.presence !== FLAG.up) throw new DoorstepError('token.misbehaved', { reason: 'presence', presence: signed.presence });
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, signed.counter);
    const authenticatorData = concat(application, Uint8Array.of(signed.presence), counter);
    return assertionJson(request, {
      credentialId: id,
      authenticatorData,
      signature: signed.signature,
      userHandle: undefined,
      extensions: {},
    });
  }
  await touching([token], 'use', ceremony, () => bareTouch(token, ceremony));
  throw new DoorstepError('token.no-credentials');
}
