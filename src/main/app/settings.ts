/**
 * What the app keeps in a plain file: nothing that is secret. The file says which backend was used last and
 * which notices were read, and carries the random name under which this data folder keeps its entries in the keychain.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from './durable-file.ts';

export interface Settings {
  /** 128 random bits, base64url. */
  readonly installation: string;
  /** Address of the backend that was used last, or null before the first. */
  readonly server: string | null;
  /** Kinds of the notices that the person has read. */
  readonly told: readonly string[];
}

export interface SettingsStore {
  get(): Settings;
  change(members: Partial<Omit<Settings, 'installation'>>): void;
}

/**
 * Opens (or makes) the settings in `folder`, which is made private to the user (0700, its files 0600).
 * Settings that cannot be understood are replaced: they hold nothing that cannot be asked for again. The name of the
 * installation has a file of its own that is written once, because without it every entry in the keychain is lost.
 */
export function openSettings(folder: string): SettingsStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const [file, nameFile] = [join(folder, 'settings.json'), join(folder, 'installation')];
  const kept = read(file);
  const name = readName(nameFile);
  // The first version kept the name in the settings alone.
  const installation = name ?? kept.installation ?? randomBytes(16).toString('base64url');
  if (name === null) writeDurably(nameFile, `${installation}\n`);
  let current: Settings = { ...kept, installation };
  const write = () => writeDurably(file, `${JSON.stringify(current, null, 2)}\n`);
  if (kept.installation !== installation) write();
  return {
    get: () => current,
    change(members) {
      current = { ...current, ...members };
      write();
    },
  };
}

function read(file: string): Omit<Settings, 'installation'> & { readonly installation: string | null } {
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // None yet, or broken.
  }
  const { installation, server, told } = typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  return {
    installation: typeof installation === 'string' && isName(installation) ? installation : null,
    server: typeof server === 'string' ? server : null,
    told: Array.isArray(told) ? told.filter((kind) => typeof kind === 'string') : [],
  };
}

function readName(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return isName(text) ? text : null;
  } catch {
    return null;
  }
}

const isName = (text: string): boolean => /^[A-Za-z0-9_-]{22}$/.test(text);
