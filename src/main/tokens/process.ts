/**
 * Composition root of the token process: node-hid and the device ladder, in a process of their own. What it
 * is told and what it answers is `contract/tokens.ts`.
 */

import type { ToTokenProcess } from '../../contract/tokens.ts';
import { practiceSource, startTokenService, usbSource } from '../../device/index.ts';

/** Set by the build: a release has no door for the practice key, not even its code. */
declare const __RELEASE__: boolean;

const PRACTICE = '--practice=';
const practice = process.argv.find((word) => word.startsWith(PRACTICE))?.slice(PRACTICE.length);
const { parentPort } = process;

const service = startTokenService({
  port: {
    post: (message) => parentPort.postMessage(message),
    onMessage: (listener) => parentPort.on('message', ({ data }: { data: ToTokenProcess }) => listener(data)),
  },
  sources: __RELEASE__ || practice === undefined ? [usbSource()] : [usbSource(), practiceSource({ path: practice })],
});

parentPort.on('message', ({ data }: { data: ToTokenProcess }) => {
  if (data.kind === 'stop') void service.stop().finally(() => process.exit(0));
});
