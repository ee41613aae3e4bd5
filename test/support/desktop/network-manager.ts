/** A double of NetworkManager: the real one runs in no container. Its interface and its bus are real. */
import type { MessageBusDaemon } from './message-bus.ts';

export interface NetworkManagerDouble {
  /** NMState: 20 disconnected, 40 connecting, 70 connected to the whole network. */
  become(state: 20 | 40 | 70): Promise<void>;
}

const NAME = 'org.freedesktop.NetworkManager';
const PATH = '/org/freedesktop/NetworkManager';

/** python-dbusmock's, on a system bus of the test's own. */
export async function startNetworkManagerDouble(bus: MessageBusDaemon): Promise<NetworkManagerDouble> {
  const manager = await bus.play('networkmanager', NAME);
  return {
    async become(state) {
      await manager.call(PATH, 'org.freedesktop.DBus.Mock.EmitSignal', NAME, 'StateChanged', 'u', `[<uint32 ${state}>]`);
    },
  };
}
