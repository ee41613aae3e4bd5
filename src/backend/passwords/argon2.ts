import { hash, hashRaw, parseOptions, verify } from '@node-rs/argon2';
import { DoorstepError } from '../../contract/errors.ts';
import type { PasswordHasher } from '../domain/people/password-hasher.ts';
import { Turnstile } from './turnstile.ts';

/** Argon2id, 19 MiB, 2 passes, 1 lane (OWASP password storage). The library's const enum has no place under type stripping: 2 is Argon2id. */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;

/**
 * Hashes at most `places` passwords at a time, because the threads that hash are those that check signatures too: a
 * flood of passwords must not starve second steps. `waiting` more may queue; the rest gets `request.busy`.
 */
export async function createPasswordHasher(limits: { places: number; waiting: number }): Promise<PasswordHasher> {
  const turnstile = new Turnstile(limits, () => new DoorstepError('request.busy'));
  const dummy = await hash('no such person', PARAMETERS);
  return {
    hash: (password) => turnstile.pass(() => hash(password.normalize('NFC'), PARAMETERS)),
    verify: (stored, password) =>
      turnstile.pass(async () => {
        const right = await verify(stored ?? dummy, password.normalize('NFC'));
        return stored !== null && right;
      }),
    isOutdated(stored) {
      const { memoryCost, timeCost } = parseOptions(stored);
      return memoryCost < PARAMETERS.memoryCost || timeCost < PARAMETERS.timeCost;
    },
    digest: (code, salt) =>
      turnstile.pass(async () => (await hashRaw(code, { ...PARAMETERS, salt: Buffer.from(salt, 'base64url') })).toString('base64url')),
  };
}
