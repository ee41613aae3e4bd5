/** One connection to a D-Bus message bus, as far as the app needs it: calls, signals, and who owns a name. */
import type { EventEmitter } from 'node:events';
import type { Message, MessageBus } from '@jellybrick/dbus-next';

export interface BusCall {
  /** Bus name of the service. */
  readonly name: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** D-Bus signature of `body`; both absent: no arguments. */
  readonly signature?: string;
  readonly body?: readonly unknown[];
  /** Milliseconds; 5 s where nothing is said. */
  readonly deadline?: number;
  /** False leaves a service that does not run where it is. */
  readonly start?: boolean;
}

export interface BusSignal {
  readonly sender: string;
  readonly path: string;
  readonly body: readonly unknown[];
}

export interface Bus {
  /** Rejects with BusFault. */
  call(call: BusCall): Promise<readonly unknown[]>;
  /** Hears the signals of whoever owns `name`. Returns the unsubscribe. */
  on(
    from: { readonly name: string; readonly interface: string; readonly member: string },
    listener: (signal: BusSignal) => void,
  ): () => void;
  /** Hears who owns the name, at first and at each change; null: nobody. Returns the unsubscribe. */
  watch(name: string, listener: (owner: string | null) => void): () => void;
  /** A value for a place of the signature `v`. */
  variant(signature: string, value: unknown): unknown;
  close(): void;
}

export class BusFault extends Error {
  override readonly name = 'BusFault';
  /** Such as org.freedesktop.DBus.Error.ServiceUnknown; 'timeout' and 'closed' are ours. */
  readonly fault: string;
  constructor(fault: string, options?: ErrorOptions) {
    super(fault, options);
    this.fault = fault;
  }
}

const DAEMON = { name: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' } as const;
const DEADLINE = 5_000;

/** Connects to the person's session bus or to the system's. Null where there is none. Never rejects. */
export async function openBus(which: 'session' | 'system', onError: (reason: string) => void): Promise<Bus | null> {
  // Loaded when it is wanted: nothing competes with the first window.
  const { Message: DBusMessage, MessageType, MessageFlag, sessionBus, systemBus, Variant } = await import('@jellybrick/dbus-next');
  const connected = await connect(which === 'session' ? sessionBus : systemBus);
  if (connected === null) return null;
  const bus = connected;
  errorsOf(bus).on('error', (error) => onError(error instanceof Error ? error.message : 'error'));

  const owners = new Map<string, string | null>();
  const ownerListeners = new Map<string, Set<(owner: string | null) => void>>();
  const signalListeners = new Set<{
    readonly from: { name: string; interface: string; member: string };
    readonly hear: (signal: BusSignal) => void;
  }>();

  bus.on('message', (message: Message) => {
    if (message.type !== MessageType.SIGNAL) return;
    if (message.sender === DAEMON.name && message.member === 'NameOwnerChanged') {
      const [name, , owner] = message.body;
      if (typeof name === 'string' && typeof owner === 'string') owned(name, owner === '' ? null : owner);
      return;
    }
    for (const { from, hear } of [...signalListeners]) {
      // A signal that is addressed to us passes every match rule: only the owner of the name is believed.
      if (message.interface !== from.interface || message.member !== from.member || message.sender !== owners.get(from.name)) continue;
      hear({ sender: message.sender, path: message.path, body: message.body });
    }
  });

  const owned = (name: string, owner: string | null) => {
    if (!ownerListeners.has(name) || owners.get(name) === owner) return;
    owners.set(name, owner);
    for (const listener of [...(ownerListeners.get(name) ?? [])]) listener(owner);
  };

  const call = async ({ name, path, interface: face, member, signature, body, deadline = DEADLINE, start = true }: BusCall) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new BusFault('timeout')), deadline);
    });
    try {
      const message = new DBusMessage({
        destination: name,
        path,
        interface: face,
        member,
        ...(signature === undefined ? {} : { signature, body: [...(body ?? [])] }),
        flags: start ? 0 : MessageFlag.NO_AUTO_START,
      });
      const answer = await Promise.race([bus.call(message), late]);
      return answer?.body ?? [];
    } catch (error) {
      if (error instanceof BusFault) throw error;
      throw new BusFault(error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : 'closed', {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  };

  const match = (rule: string) => void call({ ...DAEMON, member: 'AddMatch', signature: 's', body: [rule] }).catch(() => onError('match'));
  const unmatch = (rule: string) => void call({ ...DAEMON, member: 'RemoveMatch', signature: 's', body: [rule] }).catch(() => undefined);

  const watch = (name: string, listener: (owner: string | null) => void) => {
    const rule = `type='signal',sender='${DAEMON.name}',interface='${DAEMON.interface}',member='NameOwnerChanged',arg0='${name}'`;
    const listeners = ownerListeners.get(name) ?? new Set();
    ownerListeners.set(name, listeners.add(listener));
    const known = owners.get(name);
    if (known !== undefined) listener(known);
    else if (listeners.size === 1) {
      match(rule);
      call({ ...DAEMON, member: 'GetNameOwner', signature: 's', body: [name] }).then(
        ([owner]) => owned(name, typeof owner === 'string' ? owner : null),
        () => owned(name, null),
      );
    }
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      ownerListeners.delete(name);
      owners.delete(name);
      unmatch(rule);
    };
  };

  return {
    call,
    watch,
    on(from, hear) {
      const rule = `type='signal',sender='${from.name}',interface='${from.interface}',member='${from.member}'`;
      const entry = { from, hear };
      signalListeners.add(entry);
      match(rule);
      const stopWatching = watch(from.name, () => undefined);
      return () => {
        signalListeners.delete(entry);
        stopWatching();
        unmatch(rule);
      };
    },
    variant: (signature, value) => new Variant(signature, value),
    close: () => bus.disconnect(),
  };
}

/** The library reports a bus that is not there as an event, or throws before there is anything to hear it from. */
function connect(make: () => MessageBus): Promise<MessageBus | null> {
  return new Promise((resolve) => {
    const none = () => resolve(null);
    const timer = setTimeout(none, DEADLINE);
    try {
      const bus = make();
      errorsOf(bus).on('error', none);
      bus.once('connect', () => {
        clearTimeout(timer);
        resolve(bus);
      });
    } catch {
      none();
    }
  });
}

/** The library's types leave out an event that it has. */
function errorsOf(bus: MessageBus): EventEmitter<{ error: [unknown] }> {
  const emitter: object = bus;
  return emitter as EventEmitter<{ error: [unknown] }>;
}
