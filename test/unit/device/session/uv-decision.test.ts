import { describe, expect, it } from 'vitest';
import { decideUv, type UvQuestion } from '../../../../src/device/session/uv-decision.ts';

type Options = Readonly<Record<string, boolean>>;
const decide = (options: Options, question: Omit<UvQuestion, 'option'>) => decideUv({ option: (name) => options[name], ...question });

const BARE: Options = {};
const NO_PIN: Options = { clientPin: false, pinUvAuthToken: true, makeCredUvNotRqd: true };
const PIN: Options = { ...NO_PIN, clientPin: true };
const OLD_PIN: Options = { clientPin: true };
const FINGER: Options = { ...PIN, uv: true };
const OLD_FINGER: Options = { clientPin: true, uv: true };
const FINGER_ALONE: Options = { ...FINGER, noMcGaPermissionsWithClientPin: true };
const PIN_ONLY_MANAGES: Options = { ...PIN, noMcGaPermissionsWithClientPin: true };
const ALWAYS: Options = { ...PIN, alwaysUv: true, makeCredUvNotRqd: false };
const ALWAYS_UNSET: Options = { ...NO_PIN, alwaysUv: true };

const none = { how: 'none' };
const pin = { how: 'pin' };
const refuse = (code: string) => ({ how: 'refuse', code });

describe('verifying the person', () => {
  it.each<readonly [string, Options, Omit<UvQuestion, 'option'>, object]>([
    ['nothing to verify with, not wanted', BARE, { wanted: 'discouraged', operation: 'get' }, none],
    ['nothing to verify with, liked', BARE, { wanted: 'preferred', operation: 'make' }, none],
    ['nothing to verify with, required', BARE, { wanted: 'required', operation: 'get' }, refuse('token.unsupported')],
    ['no PIN yet, liked', NO_PIN, { wanted: 'preferred', operation: 'get' }, none],
    ['no PIN yet, required', NO_PIN, { wanted: 'required', operation: 'make' }, refuse('pin.not-set')],
    ['no PIN yet, managing', NO_PIN, { wanted: 'discouraged', operation: 'manage' }, refuse('pin.not-set')],
    ['a PIN, not wanted', PIN, { wanted: 'discouraged', operation: 'get' }, none],
    ['a PIN, liked', PIN, { wanted: 'preferred', operation: 'get' }, pin],
    ['a PIN, required', PIN, { wanted: 'required', operation: 'make' }, pin],
    ['a PIN, managing', PIN, { wanted: 'required', operation: 'manage' }, pin],
    ['makeCredUvNotRqd spares the PIN', PIN, { wanted: 'discouraged', operation: 'make' }, none],
    ['but not for a passkey', PIN, { wanted: 'discouraged', operation: 'make', residentKey: true }, pin],
    ['CTAP 2.0 wants the PIN to make anything', OLD_PIN, { wanted: 'discouraged', operation: 'make' }, pin],
    ['but not to sign', OLD_PIN, { wanted: 'discouraged', operation: 'get' }, none],
    ['a finger comes first', FINGER, { wanted: 'preferred', operation: 'get' }, { how: 'built-in-token', pinToo: true }],
    ['also to manage', FINGER, { wanted: 'required', operation: 'manage' }, { how: 'built-in-token', pinToo: true }],
    ['a finger on CTAP 2.0 is an option', OLD_FINGER, { wanted: 'required', operation: 'get' }, { how: 'built-in', pinToo: true }],
    ['which managing does not take', OLD_FINGER, { wanted: 'required', operation: 'manage' }, pin],
    ['a PIN that may not make or sign', FINGER_ALONE, { wanted: 'required', operation: 'get' }, { how: 'built-in-token', pinToo: false }],
    ['and no finger', PIN_ONLY_MANAGES, { wanted: 'required', operation: 'get' }, refuse('token.unsupported')],
    ['and no finger, liked', PIN_ONLY_MANAGES, { wanted: 'preferred', operation: 'get' }, none],
    ['it may manage', PIN_ONLY_MANAGES, { wanted: 'required', operation: 'manage' }, pin],
    ['a finger may not enroll fingers by itself', FINGER, { wanted: 'required', operation: 'manage', permissions: 0x08 }, pin],
    [
      'unless the token says so',
      { ...FINGER, uvBioEnroll: true },
      { wanted: 'required', operation: 'manage', permissions: 0x08 },
      { how: 'built-in-token', pinToo: true },
    ],
    ['nor change settings', { ...FINGER, uvBioEnroll: true }, { wanted: 'required', operation: 'manage', permissions: 0x20 }, pin],
    ['alwaysUv wants it even where nobody asks', ALWAYS, { wanted: 'discouraged', operation: 'get' }, pin],
    ['alwaysUv without a PIN', ALWAYS_UNSET, { wanted: 'discouraged', operation: 'get' }, refuse('pin.not-set')],
  ])('%s', (_name, options, question, expected) => {
    expect(decide(options, question)).toEqual(expected);
  });
});
