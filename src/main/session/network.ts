/** Whether it is worth trying again: NetworkManager tells when the computer is connected (org.freedesktop.NetworkManager, StateChanged). */
import type { Bus } from '../bus/bus.ts';

const MANAGER = 'org.freedesktop.NetworkManager';
/** NM_STATE_CONNECTED_LOCAL; what is above reaches further. */
const CONNECTED = 50;

/** Hears each change to a state in which something can be reached. Returns the unsubscribe. */
export function watchNetwork(bus: Bus, onConnected: () => void): () => void {
  return bus.on({ name: MANAGER, interface: MANAGER, member: 'StateChanged' }, ({ body: [state] }) => {
    if (typeof state === 'number' && state >= CONNECTED) onConnected();
  });
}
