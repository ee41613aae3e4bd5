/** Whether and how a person is verified for one operation (CTAP 2.1 sections 6.1.1, 6.2.1 and 7.2). A pure table. */
import type { ErrorCode } from '../../contract/errors.ts';
import { PERMISSION } from '../ctap2/client-pin.ts';

export type UvWanted = 'required' | 'preferred' | 'discouraged';

export interface UvQuestion {
  /** Three-state options of getInfo. */
  readonly option: (name: string) => boolean | undefined;
  readonly wanted: UvWanted;
  /** `manage` stands for what only a verified person may do, such as looking at the passkeys. */
  readonly operation: 'make' | 'get' | 'manage';
  readonly residentKey?: boolean;
  /** Bits of `PERMISSION` that are needed. */
  readonly permissions?: number;
}

export type UvDecision =
  | { readonly how: 'none' }
  /** The token verifies the person and gives a pinUvAuthToken for it. `pinToo`: its PIN would do as well. */
  | { readonly how: 'built-in-token'; readonly pinToo: boolean }
  /** CTAP 2.0: the token verifies the person during the operation. */
  | { readonly how: 'built-in'; readonly pinToo: boolean }
  | { readonly how: 'pin' }
  | { readonly how: 'refuse'; readonly code: ErrorCode };

export function decideUv({ option, wanted, operation, residentKey = false, permissions = 0 }: UvQuestion): UvDecision {
  const pinSet = option('clientPin') === true;
  const pinGoes = pinSet && (operation === 'manage' || option('noMcGaPermissionsWithClientPin') !== true);
  const tokens = option('pinUvAuthToken') === true;
  // A finger gives leave to enroll fingers, or to change settings, only where the token says so (section 6.5.5.7).
  const fingerMay =
    ((permissions & PERMISSION.bioEnrollment) === 0 || option('uvBioEnroll') === true) &&
    ((permissions & PERMISSION.config) === 0 || option('uvAcfg') === true);
  // Management commands take a pinUvAuthToken only, never the option.
  const builtIn = option('uv') === true && (tokens || operation !== 'manage') && fingerMay;
  const possible = builtIn || pinGoes;

  // A protected token makes credentials only for a verified person, unless it says otherwise, and then only non-resident ones.
  const tokenInsists = operation === 'make' && possible && (residentKey || option('makeCredUvNotRqd') !== true);
  const needed =
    operation === 'manage' || wanted === 'required' || option('alwaysUv') === true || (wanted === 'preferred' && possible) || tokenInsists;
  if (!needed) return { how: 'none' };
  if (builtIn) return { how: tokens ? 'built-in-token' : 'built-in', pinToo: pinGoes };
  if (pinGoes) return { how: 'pin' };
  return { how: 'refuse', code: option('clientPin') === false ? 'pin.not-set' : 'token.unsupported' };
}
