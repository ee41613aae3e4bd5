import { type Bus, createBus, type PluggedToken, type UsbIdentity } from './bus.ts';
import type { VirtualToken } from './token.ts';

/**
 * Plugs a virtual token in where unmodified programs find it: run them with `env` added to their environment.
 * Without `bus` the token gets one of its own, which goes away with it.
 *
 * @example
 * const key = await plug(new VirtualToken(), { product: 'Blue key', serial: '0001' });
 * execFileSync('fido2-token', ['-L'], { env: { ...process.env, ...key.env } });
 * await key.unplug();
 */
export async function plug(token: VirtualToken, identity: UsbIdentity & { readonly bus?: Bus } = {}): Promise<PluggedToken> {
  if (identity.bus !== undefined) return identity.bus.plug(token, identity);
  const bus = createBus();
  const device = await bus.plug(token, identity);
  return { env: device.env, path: device.path, unplug: () => bus.close() };
}
