import { randomBytes } from 'node:crypto';
import { DoorstepError } from '../../contract/errors.ts';
import type { SealedSeed } from './codes/model.ts';
import type { SeedVault } from './codes/seeds.ts';
import type { Store } from './stores.ts';

/** Names of secrets that the whole installation shares: each is kept as a fact, sealed like a seed. */
export const INSTALLATION_SECRETS = [
  'spare-code-secret',
  'approval-number-secret',
  'device-generation-secret',
  'backend-signing-secret',
] as const;
export type InstallationSecret = (typeof INSTALLATION_SECRETS)[number];

const opened = new WeakMap<Store, Map<InstallationSecret, Promise<Uint8Array>>>();

/**
 * 256 random bits, made when they are first asked for; the same in every process. Sealed like a seed: what they stand for
 * could be guessed by whoever reads the database.
 */
export function installationSecret(store: Store, seeds: SeedVault, name: InstallationSecret): Promise<Uint8Array> {
  const secrets = opened.get(store) ?? new Map<InstallationSecret, Promise<Uint8Array>>();
  opened.set(store, secrets);
  const known = secrets.get(name);
  if (known !== undefined) return known;
  const secret = openSecret(store, seeds, name);
  secrets.set(name, secret);
  secret.catch(() => secrets.delete(name));
  return secret;
}

async function openSecret(store: Store, seeds: SeedVault, name: InstallationSecret): Promise<Uint8Array> {
  const known = await store.read.facts.get(name);
  const text = known ?? (await makeSecret(store, seeds, name));
  return seeds.open(readSealed(text), name);
}

async function makeSecret(store: Store, seeds: SeedVault, name: InstallationSecret): Promise<string> {
  const sealed = writeSealed(seeds.seal(randomBytes(32), name));
  return store.transaction(async (tx) => {
    await tx.facts.insert(name, sealed);
    return (await tx.facts.get(name)) ?? sealed;
  });
}

export function writeSealed({ seedKeyId, sealed }: SealedSeed): string {
  return `${seedKeyId}.${sealed}`;
}

export function readSealed(text: string): SealedSeed {
  const [seedKeyId, sealed] = text.split('.');
  if (seedKeyId === undefined || sealed === undefined) throw new DoorstepError('code.seed-key-missing', { reason: 'malformed' });
  return { seedKeyId, sealed };
}
