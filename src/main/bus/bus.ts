/**
 * One connection to a D-Bus message bus, as far as the app needs it: calls, signals, and who owns a name. A bus that dies
 * and comes back at its address is joined again, and whoever watched a name is told anew.
 */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
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
  /**
   * Hears who owns the name, at first and at each change; null: nobody, as far as can be told. With the bus all owners
   * go, and once it is back each listener is told who there is now. Returns the unsubscribe.
   */
  watch(name: string, listener: (owner: string | null) => void): () => void;
  /** False while the bus itself is away. */
  joined(): boolean;
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
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

/** Connects to the person's session bus or to the system's. Null where there is none. Never rejects. */
export async function openBus(which: 'session' | 'system', onError: (reason: string) => void): Promise<Bus | null> {
  // Loaded when it is wanted: nothing competes with the first window.
  const { Message: DBusMessage, MessageType, MessageFlag, sessionBus, systemBus, Variant } = await import('@jellybrick/dbus-next');
  const join = () => connect(which === 'session' ? sessionBus : systemBus);
  const first = await join();
  if (first === null) return null;

  /** Null while the bus is away. */
  let joined: MessageBus | null = null;
  let closed = false;
  let again: NodeJS.Timeout | undefined;
  let wait = FIRST_WAIT;
  const rules: string[] = [];
  /** Ends the calls that are under way. */
  const pending = new Set<(fault: BusFault) => void>();
  const owners = new Map<string, string | null>();
  const ownerListeners = new Map<string, Set<(owner: string | null) => void>>();
  const signalListeners = new Set<{
    readonly from: { name: string; interface: string; member: string };
    readonly hear: (signal: BusSignal) => void;
  }>();

  const onMessage = (message: Message) => {
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
  };

  const owned = (name: string, owner: string | null) => {
    if (!ownerListeners.has(name) || owners.get(name) === owner) return;
    owners.set(name, owner);
    for (const listener of [...(ownerListeners.get(name) ?? [])]) listener(owner);
  };

  const call = async ({ name, path, interface: face, member, signature, body, deadline = DEADLINE, start = true }: BusCall) => {
    if (joined === null) throw new BusFault('closed');
    let fail: (fault: BusFault) => void = () => undefined;
    const failed = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const timer = setTimeout(() => fail(new BusFault('timeout')), deadline);
    pending.add(fail);
    try {
      const message = new DBusMessage({
        destination: name,
        path,
        interface: face,
        member,
        ...(signature === undefined ? {} : { signature, body: [...(body ?? [])] }),
        flags: start ? 0 : MessageFlag.NO_AUTO_START,
      });
      const answer = await Promise.race([joined.call(message), failed]);
      return answer?.body ?? [];
    } catch (error) {
      if (error instanceof BusFault) throw error;
      throw new BusFault(error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : 'closed', {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
      pending.delete(fail);
    }
  };

  const addMatch = (rule: string) => {
    call({ ...DAEMON, member: 'AddMatch', signature: 's', body: [rule] }).catch(() => onError('match'));
  };
  const match = (rule: string) => {
    rules.push(rule);
    if (joined !== null) addMatch(rule);
  };
  const unmatch = (rule: string) => {
    rules.splice(rules.indexOf(rule), 1);
    call({ ...DAEMON, member: 'RemoveMatch', signature: 's', body: [rule] }).catch(() => undefined);
  };

  const askOwner = (name: string) => {
    const asked = joined;
    const told = (owner: string | null) => {
      if (joined === asked) owned(name, owner);
    };
    call({ ...DAEMON, member: 'GetNameOwner', signature: 's', body: [name] }).then(
      ([owner]) => told(typeof owner === 'string' ? owner : null),
      () => told(null),
    );
  };

  const take = (bus: MessageBus) => {
    errorsOf(bus).on('error', (error) => onError(error instanceof Error ? error.message : 'error'));
    bus.on('message', onMessage);
    whenLost(bus, lose);
    owners.clear();
    wait = FIRST_WAIT;
    joined = bus;
  };

  const lose = () => {
    joined = null;
    // The library would let them wait for answers that cannot come any more.
    for (const fail of [...pending]) fail(new BusFault('closed'));
    if (closed) return;
    onError('lost');
    for (const name of [...ownerListeners.keys()]) owned(name, null);
    rejoinLater();
  };

  const rejoinLater = () => {
    again = setTimeout(async () => {
      const bus = await join();
      if (closed) bus?.disconnect();
      else if (bus === null) rejoinLater();
      else {
        take(bus);
        for (const rule of rules) addMatch(rule);
        for (const name of ownerListeners.keys()) askOwner(name);
      }
    }, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };

  const watch = (name: string, listener: (owner: string | null) => void) => {
    const rule = `type='signal',sender='${DAEMON.name}',interface='${DAEMON.interface}',member='NameOwnerChanged',arg0='${name}'`;
    const listeners = ownerListeners.get(name) ?? new Set();
    ownerListeners.set(name, listeners.add(listener));
    const known = owners.get(name);
    if (known !== undefined) listener(known);
    if (listeners.size === 1) {
      match(rule);
      askOwner(name);
    }
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      ownerListeners.delete(name);
      owners.delete(name);
      unmatch(rule);
    };
  };

  take(first);
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
    joined: () => joined !== null,
    variant: (signature, value) => new Variant(signature, value),
    close() {
      closed = true;
      clearTimeout(again);
      joined?.disconnect();
    },
  };
}

/** The library reports a bus that is not there as an event, or throws before there is anything to hear it from. */
function connect(make: () => MessageBus): Promise<MessageBus | null> {
  return new Promise((resolve) => {
    const none = () => resolve(null);
    try {
      const bus = make();
      const timer = setTimeout(() => {
        none();
        bus.disconnect();
      }, DEADLINE);
      errorsOf(bus).on('error', () => {
        clearTimeout(timer);
        none();
      });
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

/** The library says nothing when the bus has gone; the socket of its connection does, which the types leave out too. */
function whenLost(bus: MessageBus, lose: () => void): void {
  const whole: object = bus;
  const { stream } = (whole as { readonly _connection: { readonly stream: Socket } })._connection;
  stream.once('close', lose);
}
