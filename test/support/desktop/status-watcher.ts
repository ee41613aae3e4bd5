/**
 * A panel with a tray, as far as an application can tell: owns org.kde.StatusNotifierWatcher on the session bus,
 * says that a host is there, and takes down which icons register (StatusNotifierItem, freedesktop.org). Just
 * enough of the D-Bus wire protocol (D-Bus Specification, "Message Protocol") for these few messages.
 */
import { connect, type Socket } from 'node:net';

export interface StatusWatcher {
  /** Bus names or object paths of the icons that registered. */
  readonly icons: readonly string[];
  stop(): void;
}

const WATCHER = 'org.kde.StatusNotifierWatcher';
const METHOD_CALL = 1;
const METHOD_RETURN = 2;
/** Codes of header fields. */
const FIELD = { path: 1, interface: 2, member: 3, replySerial: 5, destination: 6, sender: 7, signature: 8 } as const;

interface Message {
  readonly type: number;
  readonly serial: number;
  readonly fields: Readonly<Record<number, string | number>>;
  readonly body: Buffer;
}

/** `address` as in DBUS_SESSION_BUS_ADDRESS, a unix socket. */
export async function startStatusWatcher(address: string): Promise<StatusWatcher> {
  const path = /unix:path=([^,]+)/.exec(address)?.[1];
  if (path === undefined) throw new Error(`not the address of a unix socket: ${address}`);
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  await authenticate(socket);
  const icons: string[] = [];
  let serial = 0;
  const send = (type: number, fields: Message['fields'], body: Buffer = Buffer.alloc(0)) => {
    serial += 1;
    socket.write(encode({ type, serial, fields, body }));
    return serial;
  };
  const waiting = new Map<number, () => void>();
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const size = messageSize(rest);
      if (size === null || rest.length < size) return;
      hear(decode(rest.subarray(0, size)));
      rest = rest.subarray(size);
    }
  });
  const hear = ({ type, serial: number, fields, body }: Message) => {
    if (type === METHOD_RETURN) waiting.get(Number(fields[FIELD.replySerial]))?.();
    if (type !== METHOD_CALL) return;
    const reply = { [FIELD.replySerial]: number, [FIELD.destination]: String(fields[FIELD.sender]) };
    if (fields[FIELD.member] === 'Get') {
      // Every property of the watcher that is asked for here is a boolean: IsStatusNotifierHostRegistered.
      send(METHOD_RETURN, { ...reply, [FIELD.signature]: 'v' }, Buffer.from([1, 98, 0, 0, 1, 0, 0, 0]));
    } else {
      if (fields[FIELD.member] === 'RegisterStatusNotifierItem') icons.push(body.subarray(4, 4 + body.readUInt32LE(0)).toString());
      send(METHOD_RETURN, reply);
    }
  };
  const call = (member: string, signature: string, body: Buffer) =>
    new Promise<void>((resolve) => {
      const bus = 'org.freedesktop.DBus';
      const fields = { [FIELD.path]: '/org/freedesktop/DBus', [FIELD.interface]: bus, [FIELD.member]: member, [FIELD.destination]: bus };
      waiting.set(send(METHOD_CALL, signature === '' ? fields : { ...fields, [FIELD.signature]: signature }, body), resolve);
    });
  await call('Hello', '', Buffer.alloc(0));
  const name = string(WATCHER);
  await call('RequestName', 'su', Buffer.concat([name, Buffer.alloc((4 - (name.length % 4)) % 4), word(0)]));
  return { icons, stop: () => socket.destroy() };
}

/** SASL EXTERNAL with the user's number (D-Bus Specification, "Authentication Protocol"). */
function authenticate(socket: Socket): Promise<void> {
  const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
  return new Promise((resolve, reject) => {
    socket.once('data', (answer: Buffer) => {
      if (!answer.toString().startsWith('OK')) {
        reject(new Error('the bus did not let us in'));
        return;
      }
      socket.write('BEGIN\r\n');
      resolve();
    });
    socket.write(`\0AUTH EXTERNAL ${user}\r\n`);
  });
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function string(text: string): Buffer {
  return Buffer.concat([word(Buffer.byteLength(text)), Buffer.from(`${text}\0`)]);
}

/** Header, its fields padded to 8, then the body. */
function encode({ type, serial, fields, body }: Message): Buffer {
  let packed: Buffer = Buffer.alloc(0);
  for (const [code, value] of Object.entries(fields)) {
    const kind = fieldType(Number(code));
    const content =
      typeof value === 'number'
        ? word(value)
        : kind === 'g'
          ? Buffer.concat([Buffer.from([value.length]), Buffer.from(`${value}\0`)])
          : string(value);
    packed = Buffer.concat([
      packed,
      Buffer.alloc((8 - (packed.length % 8)) % 8),
      Buffer.from([Number(code), 1, kind.charCodeAt(0), 0]),
      content,
    ]);
  }
  const head = Buffer.concat([Buffer.from([0x6c, type, 0, 1]), word(body.length), word(serial), word(packed.length), packed]);
  return Buffer.concat([head, Buffer.alloc((8 - (head.length % 8)) % 8), body]);
}

function fieldType(code: number): 'o' | 's' | 'u' | 'g' {
  if (code === FIELD.path) return 'o';
  if (code === FIELD.signature) return 'g';
  return code === FIELD.replySerial ? 'u' : 's';
}

function messageSize(bytes: Buffer): number | null {
  if (bytes.length < 16) return null;
  const head = 16 + bytes.readUInt32LE(12);
  return head + ((8 - (head % 8)) % 8) + bytes.readUInt32LE(4);
}

function decode(bytes: Buffer): Message {
  const end = 16 + bytes.readUInt32LE(12);
  const fields: Record<number, string | number> = {};
  let at = 16;
  while (at < end) {
    at += (8 - (at % 8)) % 8;
    const code = bytes.readUInt8(at);
    const kind = String.fromCharCode(bytes.readUInt8(at + 2));
    at += 4;
    if (kind === 'u') {
      fields[code] = bytes.readUInt32LE(at);
      at += 4;
    } else if (kind === 'g') {
      const length = bytes.readUInt8(at);
      fields[code] = bytes.subarray(at + 1, at + 1 + length).toString();
      at += length + 2;
    } else {
      const length = bytes.readUInt32LE(at);
      fields[code] = bytes.subarray(at + 4, at + 4 + length).toString();
      at += length + 5;
    }
  }
  return { type: bytes.readUInt8(1), serial: bytes.readUInt32LE(8), fields, body: bytes.subarray(end + ((8 - (end % 8)) % 8)) };
}
