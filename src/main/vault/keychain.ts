/** The operating system's keychain: the only user of the keychain library, with its failures named. */

/** One entry a secret. `account` tells the entries of one service apart. */
export interface Keychain {
  get(account: string): Promise<string | null>;
  set(account: string, secret: string): Promise<void>;
  remove(account: string): Promise<void>;
}

/** Why an operation failed. 'refused' is a locked keychain that could not or would not be unlocked. */
export type KeychainFault = 'absent' | 'refused' | 'failed';

export class KeychainError extends Error {
  override readonly name = 'KeychainError';
  readonly fault: KeychainFault;
  constructor(fault: KeychainFault, options?: ErrorOptions) {
    super(`keychain: ${fault}`, options);
    this.fault = fault;
  }
}

/**
 * The library hands on what libsecret and D-Bus say, as text. `absent` is no session bus or nobody who owns
 * org.freedesktop.secrets; `refused` is an item in a collection that stayed locked.
 */
export function readFault(message: string): KeychainFault {
  if (
    /autolaunch D-Bus|org\.freedesktop\.secrets was not provided|ServiceUnknown|Could not connect|No such file or directory/i.test(message)
  ) {
    return 'absent';
  }
  if (/locked|dismissed|cancell?ed by the user|user cancell?ed/i.test(message)) return 'refused';
  return 'failed';
}

const SERVICE = 'Doorstep';

type Library = typeof import('@github/keytar');

/** The library is CommonJS: imported, all of it stands under `default`, and by name only what Node could guess. */
function withoutWrapper(imported: Library | { readonly default: Library }): Library {
  return 'default' in imported ? imported.default : imported;
}

/**
 * Loads the library only when it is first needed: a machine without libsecret must still get a window that
 * says so, and loading a native module costs time before the first window.
 */
export function openSystemKeychain(): Keychain {
  let library: Promise<Library> | null = null;
  const load = () => {
    library ??= import('@github/keytar').then(withoutWrapper, (cause: unknown) => {
      library = null;
      throw new KeychainError('absent', { cause });
    });
    return library;
  };
  const named = async <T>(act: (keytar: Library) => Promise<T>): Promise<T> => {
    const keytar = await load();
    try {
      return await act(keytar);
    } catch (cause) {
      throw new KeychainError(readFault(cause instanceof Error ? cause.message : ''), { cause });
    }
  };
  return {
    get: (account) => named((keytar) => keytar.getPassword(SERVICE, account)),
    set: (account, secret) => named((keytar) => keytar.setPassword(SERVICE, account, secret)),
    remove: (account) => named(async (keytar) => void (await keytar.deletePassword(SERVICE, account))),
  };
}
