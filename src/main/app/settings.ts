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
 * Opens (or makes) the settings in `folder`, which is made private to the user (0700, the file 0600).
 * A file that cannot be understood is replaced: it holds nothing that cannot be asked for again.
 */
export function openSettings(folder: string): SettingsStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const file = join(folder, 'settings.json');
  const write = (next: Settings) => writeDurably(file, `${JSON.stringify(next, null, 2)}\n`);
  let settings = read(file);
  if (settings === null) {
    settings = { installation: randomBytes(16).toString('base64url'), server: null, told: [] };
    write(settings);
  }
  let current: Settings = settings;
  return {
    get: () => current,
    change(members) {
      current = { ...current, ...members };
      write(current);
    },
  };
}

function read(file: string): Settings | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('installation' in parsed) || !('server' in parsed)) return null;
    const { installation, server } = parsed;
    if (typeof installation !== 'string' || !/^[A-Za-z0-9_-]{22}$/.test(installation)) return null;
    const told: unknown = 'told' in parsed ? parsed.told : [];
    return {
      installation,
      server: typeof server === 'string' ? server : null,
      told: Array.isArray(told) ? told.filter((kind) => typeof kind === 'string') : [],
    };
  } catch {
    return null;
  }
}
