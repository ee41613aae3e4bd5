/** The token process as a child of Electron's: its own process, no window, killed with the app. */
import { utilityProcess } from 'electron';
import type { FromTokenProcess, ToTokenProcess } from '../../contract/tokens.ts';
import type { TokenChild } from './supervisor.ts';

export interface ForkOptions {
  /** The built entry of the token process. */
  readonly file: string;
  /** Socket of the practice key, in a run from source. */
  readonly practiceSocket: string | null;
}

export function forkTokenProcess({ file, practiceSocket }: ForkOptions): TokenChild {
  const child = utilityProcess.fork(file, practiceSocket === null ? [] : [`--practice=${practiceSocket}`], {
    serviceName: 'Doorstep tokens',
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return {
    post: (message: ToTokenProcess) => child.postMessage(message),
    // Both ends are built from one source and ship together: the message is as the contract says.
    onMessage: (listener) => child.on('message', (message: FromTokenProcess) => listener(message)),
    onExit: (listener) => child.once('exit', listener),
    kill: () => void child.kill(),
  };
}
