/**
 * The practice key's control socket: JSON lines, `{"do":"plug"|"unplug"|"touch"}` out, `{"pluggedIn","wantsTouch"}`
 * in at each change. A run from source only.
 */
import { connect, type Socket } from 'node:net';
import { DoorstepError } from '../../contract/errors.ts';
import type { AppState } from '../../contract/ipc.ts';

export interface PracticeKey {
  /** @throws DoorstepError token.none where the practice key's process is away */
  do(act: 'plug' | 'unplug' | 'touch'): void;
  stop(): void;
}

const CONNECT_AGAIN = 500;
const LONGEST_LINE = 4096;

/** Connects to `control` (a socket path) and stays connected; `onState` hears what the practice key says. */
export function connectPracticeKey(control: string, onState: (state: AppState['practiceKey']) => void): PracticeKey {
  let socket: Socket | null = null;
  let again: NodeJS.Timeout | undefined;
  let stopped = false;

  const open = () => {
    const opening = connect(control);
    let rest = '';
    opening.setEncoding('utf8');
    opening.on('connect', () => {
      socket = opening;
    });
    opening.on('data', (text: string) => {
      rest += text;
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE) opening.destroy();
      for (const line of lines) {
        const state = readPracticeLine(line);
        if (state !== null) onState({ available: true, ...state });
      }
    });
    // The close that follows tells all that is needed.
    opening.on('error', () => undefined);
    opening.on('close', () => {
      if (socket === opening) onState({ available: false, pluggedIn: false, wantsTouch: false });
      socket = null;
      if (!stopped) again = setTimeout(open, CONNECT_AGAIN);
    });
  };
  open();

  return {
    do(act) {
      if (socket === null) throw new DoorstepError('token.none');
      socket.write(`${JSON.stringify({ do: act })}\n`);
    },
    stop() {
      stopped = true;
      clearTimeout(again);
      socket?.destroy();
    },
  };
}

/** One line of the practice key, or null where it is none. */
export function readPracticeLine(line: string): { readonly pluggedIn: boolean; readonly wantsTouch: boolean } | null {
  try {
    const said: unknown = JSON.parse(line);
    if (typeof said !== 'object' || said === null || !('pluggedIn' in said) || !('wantsTouch' in said)) return null;
    if (typeof said.pluggedIn !== 'boolean' || typeof said.wantsTouch !== 'boolean') return null;
    return { pluggedIn: said.pluggedIn, wantsTouch: said.wantsTouch };
  } catch {
    return null;
  }
}
