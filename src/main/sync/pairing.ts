/**
 * What is kept of a pairing, as JSON in the keychain's entry `device`: the secret is the key, and what it is
 * good for stands beside it, so that no crash between two writes can leave a key with another's pairing.
 */
import { PairedDevice } from '../../contract/http/shapes.ts';
import { type Parsed, parseTolerant } from '../../contract/parse.ts';
import { type DeviceKey, exportDeviceKey, importDeviceKey } from './device-key.ts';
import { parseServer } from './server-address.ts';

export interface Pairing {
  readonly server: string;
  readonly device: Parsed<typeof PairedDevice>;
  readonly key: DeviceKey;
  /** Of the key, as the backend gave it last (`contract/http/sync.ts`); null before the first greeting. */
  readonly generation: string | null;
}

export function exportPairing({ server, device, key, generation }: Pairing): string {
  return JSON.stringify({ server, device, key: exportDeviceKey(key), generation });
}

/** The pairing from its keychain entry, or null where the text is none. */
export function importPairing(text: string): Pairing | null {
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== 'object' || kept === null || !('server' in kept) || !('device' in kept) || !('key' in kept)) return null;
    if (typeof kept.server !== 'string' || typeof kept.key !== 'string') return null;
    const device = parseTolerant(PairedDevice, kept.device);
    const key = importDeviceKey(kept.key);
    const generation = 'generation' in kept && typeof kept.generation === 'string' ? kept.generation : null;
    return device === null || key === null ? null : { server: parseServer(kept.server), device, key, generation };
  } catch {
    return null;
  }
}
