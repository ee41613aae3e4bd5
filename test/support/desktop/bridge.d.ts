import type { DoorstepBridge } from '../../../src/contract/ipc.ts';

declare global {
  interface Window {
    /** Put there by the preload; absent where that failed. */
    readonly doorstep?: DoorstepBridge;
  }
}
