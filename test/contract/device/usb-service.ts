/** The token service over node-hid in a process of its own, spoken to over the channel of `fork`. */
import type { ToTokenProcess } from '../../../src/contract/tokens.ts';
import { startTokenService, usbSource } from '../../../src/device/index.ts';

const service = startTokenService({
  sources: [usbSource({ pollMs: Number(process.argv[2] ?? 100) })],
  port: {
    post: (message) => void (process.connected && process.send?.(message)),
    onMessage: (listener) => void process.on('message', (message: ToTokenProcess) => listener(message)),
  },
});
process.on('disconnect', () => void service.stop().finally(() => process.exit(0)));
