/** The passkeys that a token keeps: list, delete, rename their users (CTAP 2.1 section 6.8). */
import { DoorstepError } from '../../contract/errors.ts';
import type { PasskeySummary, TokenCalls } from '../../contract/tokens.ts';
import { toBase64url } from '../bytes.ts';
import { PERMISSION } from '../ctap2/client-pin.ts';
import { type Answer, unwrap } from '../ctap2/command.ts';
import {
  deleteCredential,
  enumerateCredentialsBegin,
  enumerateCredentialsNext,
  enumerateRpsBegin,
  enumerateRpsNext,
  getCredsMetadata,
  type Manager,
  type StoredCredential,
  type StoredRp,
  updateUserInformation,
} from '../ctap2/credential-management.ts';
import { STATUS } from '../ctap2/status.ts';
import type { Ceremony } from './human.ts';
import { bytesOf } from './options.ts';
import { shownText } from './shown-text.ts';
import type { SessionToken } from './token.ts';
import { throwIfStopped } from './touch.ts';
import { withProof } from './user-proof.ts';

/** The greatest number of passkeys that is read: no token on the market keeps half as many. */
const MOST = 1_024;

interface Held {
  readonly rp: StoredRp;
  readonly credential: StoredCredential;
}

/** Throws `token.unsupported`, the `pin.*` codes of `withProof`, `token.misbehaved` for numbers that make no sense. */
export function listPasskeys(token: SessionToken, ceremony: Ceremony): Promise<readonly PasskeySummary[]> {
  return managing(token, ceremony, async (manager) => ok((await enumerate(manager, ceremony)).map(summary)));
}

/** Throws `token.no-credentials` where the token does not hold it, beside what `listPasskeys` throws. */
export async function deletePasskey(token: SessionToken, credentialId: string, ceremony: Ceremony): Promise<void> {
  const id = bytesOf(credentialId, 'credentialId');
  await managing(token, ceremony, (manager) => deleteCredential(manager, id, { signal: ceremony.signal }));
  // What the token still has room for has changed.
  token.changed({ passkeysLeft: 'unknown' });
}

/**
 * The token wants the whole user and compares the handle with the one that it stored (CTAP 2.1 section 6.8.6): the
 * caller has it from `listPasskeys`, so nothing is listed again.
 * Throws `token.unsupported` on preview tokens, `token.refused` for another handle, and what `deletePasskey` throws.
 */
export async function renamePasskeyUser(
  token: SessionToken,
  asked: Omit<TokenCalls['renamePasskeyUser']['request'], 'tokenId'>,
  ceremony: Ceremony,
): Promise<void> {
  const credentialId = bytesOf(asked.credentialId, 'credentialId');
  const user = { id: bytesOf(asked.userId, 'userId'), name: asked.userName, displayName: asked.userDisplayName };
  if (isPreview(token)) throw new DoorstepError('token.unsupported', { reason: 'rename' });
  await managing(token, ceremony, (manager) => updateUserInformation(manager, credentialId, user, { signal: ceremony.signal }));
}

function isPreview(token: SessionToken): boolean {
  if (token.option('credMgmt') === true) return false;
  if (token.option('credentialMgmtPreview') === true) return true;
  throw new DoorstepError('token.unsupported', { reason: 'credential-management' });
}

async function managing<T>(token: SessionToken, ceremony: Ceremony, run: (manager: Manager) => Promise<Answer<T>>): Promise<T> {
  const preview = isPreview(token);
  const need = { permissions: PERMISSION.credentialManagement, wanted: 'required', operation: 'manage' } as const;
  const answer = await withProof(token, need, ceremony, (proof) => {
    if (proof.kind !== 'token') throw new DoorstepError('token.unsupported', { reason: 'no-pin-token' });
    return run({ link: token.link, preview, protocol: proof.protocol, sign: proof.sign });
  });
  throwIfStopped(ceremony);
  return unwrap(answer);
}

function ok<T>(value: T): Answer<T> {
  return { ok: true, value };
}

async function enumerate(manager: Manager, ceremony: Ceremony): Promise<readonly Held[]> {
  const options = { signal: ceremony.signal };
  const { existing } = unwrap(await getCredsMetadata(manager, options));
  if (existing === 0) return [];
  const rps = await sequence(
    () => enumerateRpsBegin(manager, options),
    () => enumerateRpsNext(manager, options),
  );
  const held: Held[] = [];
  for (const rp of rps) {
    const credentials = await sequence(
      () => enumerateCredentialsBegin(manager, rp.idHash, options),
      () => enumerateCredentialsNext(manager, options),
    );
    held.push(...credentials.map((credential) => ({ rp, credential })));
    if (held.length > MOST) throw new DoorstepError('token.misbehaved', { reason: 'too-many-passkeys' });
  }
  return held;
}

/** All members of a begin-and-next sequence; nothing else may be sent in between. */
async function sequence<T extends { readonly total: number | undefined }>(
  begin: () => Promise<Answer<T>>,
  next: () => Promise<Answer<T>>,
): Promise<readonly T[]> {
  const answer = await begin();
  if (!answer.ok && answer.status === STATUS.noCredentials) return [];
  const first = unwrap(answer);
  const total = first.total ?? 1;
  if (total > MOST) throw new DoorstepError('token.misbehaved', { reason: 'too-many-passkeys' });
  const members = [first];
  while (members.length < total) members.push(unwrap(await next()));
  return members;
}

function summary({ rp, credential }: Held): PasskeySummary {
  return {
    credentialId: toBase64url(credential.credentialId),
    rpId: shownText(rp.id),
    userId: toBase64url(credential.user.id),
    userName: shownText(credential.user.name ?? ''),
    userDisplayName: shownText(credential.user.displayName ?? ''),
  };
}
