import { isIPv4 } from 'node:net';
import { sourceKey } from '../limits.ts';

/**
 * Whether a browser and a desktop are to be taken for one machine: they come from one address, or one IPv6 network, or
 * both from this machine. Several machines behind one address count as one too: the weaker claim is the safe one.
 */
export function isSameDevice(browser: string, desktop: string): boolean {
  return placeOf(browser) === placeOf(desktop);
}

const LOOPBACK = 'loopback';

function placeOf(address: string): string {
  if (address === '::1') return LOOPBACK;
  const key = sourceKey(address);
  return isIPv4(key) && key.startsWith('127.') ? LOOPBACK : key;
}
