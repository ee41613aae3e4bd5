/**
 * The keychain's own process. libsecret keeps one conversation with the Secret Service for the life of its
 * process: after that service was restarted every call fails, and only a new process starts a new conversation.
 * It also keeps a crash of the library, and calls that wait for a dialog, out of the main process.
 */
/** Why an operation failed. 'refused' is a locked keychain that could not or would not be unlocked. */
export type KeychainFault = 'absent' | 'refused' | 'failed';

export type KeychainAct = 'get' | 'set' | 'remove' | 'list';

/** One entry, as a list has it. */
export interface KeychainEntry {
  readonly account: string;
  readonly secret: string;
}

/** To the process. `secret` is for 'set' alone; for 'list', `account` is how the accounts begin. */
export interface KeychainCall {
  readonly id: number;
  readonly act: KeychainAct;
  readonly account: string;
  readonly secret: string | null;
}

/** From the process. `entries` is for 'list' alone. `reason` is what the library said: names of services, never a secret. `elapsed` is how long it took to say so, milliseconds. */
export type KeychainAnswer =
  | { readonly id: number; readonly ok: true; readonly secret: string | null; readonly entries: readonly KeychainEntry[] }
  | { readonly id: number; readonly ok: false; readonly fault: KeychainFault; readonly reason: string; readonly elapsed: number };

export interface KeychainPort {
  post(answer: KeychainAnswer): void;
  onCall(listener: (call: KeychainCall) => void): void;
}

/** What is used of the keychain library. */
export interface KeychainLibrary {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
  findCredentials(service: string): Promise<{ readonly account: string; readonly password: string }[]>;
}

const SERVICE = 'Doorstep';

/** Answers calls over the port with the library that `load` gives. The library is loaded with the first call. */
export function serveKeychain(port: KeychainPort, load: () => Promise<KeychainLibrary> = loadLibrary): void {
  let library: Promise<KeychainLibrary> | null = null;
  const act = async (keytar: KeychainLibrary, { act, account, secret }: KeychainCall) => {
    switch (act) {
      case 'get':
        return { secret: await keytar.getPassword(SERVICE, account), entries: [] };
      case 'set':
        await keytar.setPassword(SERVICE, account, secret ?? '');
        return { secret: null, entries: [] };
      case 'remove':
        await keytar.deletePassword(SERVICE, account);
        return { secret: null, entries: [] };
      case 'list': {
        const all = await keytar.findCredentials(SERVICE);
        const wanted = all.filter((found) => found.account.startsWith(account));
        return { secret: null, entries: wanted.map((found) => ({ account: found.account, secret: found.password })) };
      }
    }
  };
  const answer = async (call: KeychainCall): Promise<KeychainAnswer> => {
    let started = performance.now();
    try {
      library ??= load();
      const keytar = await library;
      started = performance.now();
      return { id: call.id, ok: true, ...(await act(keytar, call)) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : '';
      return { id: call.id, ok: false, fault: readFault(reason), reason, elapsed: performance.now() - started };
    }
  };
  port.onCall((call) => void answer(call).then((said) => port.post(said)));
}

/**
 * The library hands on what libsecret and D-Bus say, as text. `absent` is no session bus, nobody who owns
 * org.freedesktop.secrets, or no libsecret to load; `refused` is an item in a collection that stayed locked.
 */
export function readFault(message: string): KeychainFault {
  if (
    /autolaunch D-Bus|org\.freedesktop\.secrets was not provided|ServiceUnknown|Could not connect|cannot open shared object/i.test(message)
  ) {
    return 'absent';
  }
  if (/locked|dismissed|cancell?ed by the user|user cancell?ed/i.test(message)) return 'refused';
  return 'failed';
}

async function loadLibrary(): Promise<KeychainLibrary> {
  const imported: KeychainLibrary | { readonly default: KeychainLibrary } = await import('@github/keytar');
  // The library is CommonJS: imported, all of it stands under `default`, and by name only what Node could guess.
  return 'default' in imported ? imported.default : imported;
}
