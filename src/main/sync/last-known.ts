/**
 * What the app knew last, in a private file: so it can show the person's keys with no connection, and say why a computer
 * was removed also after a restart. It holds names and no secret, and goes with the pairing.
 */
import { readFileSync } from 'node:fs';
import { DeviceSnapshot } from '../../contract/http/shapes.ts';
import type { AppState } from '../../contract/ipc.ts';
import { type Parsed, parseTolerant } from '../../contract/parse.ts';
import { removeDurably, writeDurably } from '../app/durable-file.ts';

export type Snapshot = Parsed<typeof DeviceSnapshot>;
export type Removal = NonNullable<AppState['removal']>;

export interface Known {
  /** Of the backend. */
  readonly server: string;
  readonly snapshot: Snapshot;
  /** Why this computer was removed, until the person has read it; else null. */
  readonly removal: Removal | null;
}

export interface LastKnown {
  get(): Known | null;
  /** Remembers a snapshot; the disk has it a moment later. */
  remember(server: string, snapshot: Snapshot): void;
  /** Remembers why this computer was removed; the disk has it at once. */
  removed(removal: Removal): void;
  forget(): void;
  /** Writes what is not written yet. */
  flush(): void;
}

/** Snapshots may come in bursts; losing the last one costs nothing. */
const LATER = 1_000;

export function openLastKnown(file: string, onError: (error: unknown) => void): LastKnown {
  let known = read(file);
  let timer: NodeJS.Timeout | undefined;
  const write = () => {
    clearTimeout(timer);
    timer = undefined;
    try {
      if (known !== null) writeDurably(file, JSON.stringify(known));
    } catch (error) {
      onError(error);
    }
  };
  return {
    get: () => known,
    remember(server, snapshot) {
      // What waits is not worth remembering: it will have ended.
      known = { server, snapshot: { ...snapshot, challenges: [] }, removal: null };
      timer ??= setTimeout(write, LATER);
    },
    removed(removal) {
      if (known === null) return;
      known = { ...known, snapshot: { ...known.snapshot, authenticators: [] }, removal };
      write();
    },
    forget() {
      clearTimeout(timer);
      timer = undefined;
      known = null;
      try {
        removeDurably(file);
      } catch (error) {
        onError(error);
      }
    },
    flush() {
      if (timer !== undefined) write();
    },
  };
}

function read(file: string): Known | null {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof kept !== 'object' || kept === null || !('server' in kept) || !('snapshot' in kept) || !('removal' in kept)) return null;
    const snapshot = parseTolerant(DeviceSnapshot, kept.snapshot);
    if (snapshot === null || typeof kept.server !== 'string') return null;
    return { server: kept.server, snapshot, removal: readRemoval(kept.removal) };
  } catch {
    return null;
  }
}

function readRemoval(value: unknown): Removal | null {
  if (typeof value !== 'object' || value === null || !('because' in value) || !('wiped' in value)) return null;
  const { because, wiped } = value;
  if (because !== 'removed' && because !== 'copied' && because !== 'unknown') return null;
  return wiped === 'everything' || wiped === 'doorstep' ? { because, wiped } : null;
}

/** A snapshot from an event, or null where the text is none. */
export function parseSnapshot(data: string): Snapshot | null {
  try {
    return parseTolerant(DeviceSnapshot, JSON.parse(data));
  } catch {
    return null;
  }
}
