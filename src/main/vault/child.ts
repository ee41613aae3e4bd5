/** The keychain's process as a child of Electron's. Secrets pass between the two by message, never by argument or environment. */
import { utilityProcess } from 'electron';
import type { KeychainChild } from './keychain.ts';
import type { KeychainAnswer, KeychainCall } from './keychain-process.ts';

/** The word by which the main program knows that it is to be the keychain's process. */
export const KEYCHAIN_WORD = '--keychain';

/** `file` is the built main program: this process is small and has no bundle of its own. */
export function forkKeychain(file: string): KeychainChild {
  const child = utilityProcess.fork(file, [KEYCHAIN_WORD], { serviceName: 'Doorstep keychain', stdio: ['ignore', 'ignore', 'inherit'] });
  return {
    post: (call: KeychainCall) => child.postMessage(call),
    onAnswer: (listener) => child.on('message', (answer: KeychainAnswer) => listener(answer)),
    onExit: (listener) => child.once('exit', () => listener()),
    kill: () => void child.kill(),
  };
}
