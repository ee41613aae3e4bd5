import type { TokenSummary } from '../../contract/tokens.ts';

export type Ability = 'touch' | 'pin' | 'passkeys' | 'fingerprints';
export type Inability = 'pin' | 'passkeys' | 'manage' | 'renamePasskeys' | 'fingerprints' | 'alwaysUv' | 'minPin' | 'wink' | 'wipe';

/** What a token can and cannot do, in the order in which people ask. */
export function abilities(token: TokenSummary): { readonly can: readonly Ability[]; readonly cannot: readonly Inability[] } {
  const { can } = token;
  const hasPin = token.pin.state !== 'unsupported';
  const able: Ability[] = ['touch'];
  const unable: Inability[] = [];
  if (hasPin) able.push('pin');
  else unable.push('pin');
  if (can.passkeys) able.push('passkeys');
  else unable.push('passkeys');
  if (can.passkeys && !can.managePasskeys) unable.push('manage');
  if (can.managePasskeys && !can.renamePasskeys) unable.push('renamePasskeys');
  if (can.fingerprints) able.push('fingerprints');
  else unable.push('fingerprints');
  if (hasPin && !can.alwaysUv) unable.push('alwaysUv');
  if (hasPin && !can.minPinLength) unable.push('minPin');
  if (!can.wink) unable.push('wink');
  if (token.protocol === 'u2f') unable.push('wipe');
  return { can: able, cannot: unable };
}
