/** What the operating systems say when a HID device cannot be used, as the house's codes. */
import { DoorstepError, type ErrorCode } from '../../contract/errors.ts';

export type HidStep = 'open' | 'use';

/** node-hid throws Error, bare strings, and at an unplug errors with no message at all. */
export function textOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof Error) return `${'code' in error ? String(error.code) : ''} ${error.message ?? ''}`.trim();
  return '';
}

/** IOReturn values of macOS and Windows error numbers stand in hidapi's texts as hexadecimal. */
const KNOWN: readonly (readonly [RegExp, (platform: NodeJS.Platform) => ErrorCode])[] = [
  [/EACCES|EPERM|permission denied|operation not permitted/i, () => 'token.no-permission'],
  [/0xE00002E2|not permitted/i, () => 'token.no-permission'],
  [
    /access is denied|0x00000005|ERROR_ACCESS_DENIED/i,
    (platform) => (platform === 'win32' ? 'token.platform-keeps-it' : 'token.no-permission'),
  ],
  [/0xE00002C5|exclusive access|EBUSY|resource busy/i, () => 'token.busy'],
  [/ENODEV|ENXIO|EPIPE|ENOENT|ECONNREFUSED|ECONNRESET|no such device|no such file|device disconnected|0xE00002C0/i, () => 'token.gone'],
];

/**
 * One code for what a HID call threw. Windows keeps FIDO devices from programs that are not elevated, and its driver
 * says no more than that opening failed; anything else that is not known means in practice that the token was pulled out.
 */
export function hidError(error: unknown, step: HidStep, platform: NodeJS.Platform = process.platform): DoorstepError {
  if (error instanceof DoorstepError) return error;
  const text = textOf(error);
  for (const [pattern, code] of KNOWN) {
    if (pattern.test(text)) return new DoorstepError(code(platform), {}, { cause: error });
  }
  const fallback: ErrorCode = step === 'open' && platform === 'win32' ? 'token.platform-keeps-it' : 'token.gone';
  return new DoorstepError(fallback, {}, { cause: error });
}
