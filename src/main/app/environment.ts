/** What a run from source may be told through the environment. A packaged app has no such door. */

export interface RunEnvironment {
  /** Data folder, or null for the platform's own. */
  readonly dataFolder: string | null;
  /** Address of the backend, or null for the one that was used last. */
  readonly server: string | null;
  /** Code that pairs at start if the app is not paired. */
  readonly pairingCode: string | null;
  /** The launcher writes the code to standard input once its backend has made one: `{"pairingCode":"…"}` and a newline. */
  readonly pairingCodeFromStdin: boolean;
  /** Sockets of the practice key's process. */
  readonly practice: { readonly socket: string; readonly control: string } | null;
}

export const NO_ENVIRONMENT: RunEnvironment = {
  dataFolder: null,
  server: null,
  pairingCode: null,
  pairingCodeFromStdin: false,
  practice: null,
};

/** Every name is taken out of the environment, so that no child process and no crash report inherits it. */
const NAMES = [
  'DOORSTEP_DATA',
  'DOORSTEP_SERVER',
  'DOORSTEP_PAIRING_CODE',
  'DOORSTEP_PAIRING_STDIN',
  'DOORSTEP_PRACTICE_SOCKET',
  'DOORSTEP_PRACTICE_CONTROL',
] as const;

/**
 * Reads the run's environment and deletes what it read from `env`. In a packaged app everything is deleted
 * and nothing is believed.
 */
export function takeEnvironment(env: Record<string, string | undefined>, packaged: boolean): RunEnvironment {
  const taken: Partial<Record<(typeof NAMES)[number], string>> = {};
  for (const name of NAMES) {
    const value = env[name];
    if (value !== undefined && value !== '') taken[name] = value;
    delete env[name];
  }
  if (packaged) return NO_ENVIRONMENT;
  const socket = taken.DOORSTEP_PRACTICE_SOCKET;
  const control = taken.DOORSTEP_PRACTICE_CONTROL;
  return {
    dataFolder: taken.DOORSTEP_DATA ?? null,
    server: taken.DOORSTEP_SERVER ?? null,
    pairingCode: taken.DOORSTEP_PAIRING_CODE ?? null,
    pairingCodeFromStdin: taken.DOORSTEP_PAIRING_STDIN === '1',
    practice: socket !== undefined && control !== undefined ? { socket, control } : null,
  };
}
