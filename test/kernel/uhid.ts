import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { FIDO_REPORT_DESCRIPTOR, type UsbIdentity, type VirtualToken } from '../support/token/index.ts';

/** Event types of linux/uhid.h. */
const DESTROY = 1;
const OUTPUT = 6;
const GET_REPORT = 9;
const GET_REPORT_REPLY = 10;
const CREATE2 = 11;
const INPUT2 = 12;
const SET_REPORT = 13;
const SET_REPORT_REPLY = 14;

/** sizeof(struct uhid_event): the type, and the largest member of the union. */
const EVENT_SIZE = 4380;
const DATA_MAX = 4096;
const BUS_USB = 3;
const EIO = 5;
const REPORT_SIZE = 64;

/** How often the events of the kernel are looked for. It keeps 32 of them and drops the next. */
const POLL_MS = 1;

/** A token behind the kernel's own HID stack, by /dev/uhid. */
export class UhidDevice {
  readonly #file: number;
  readonly #event = Buffer.alloc(EVENT_SIZE);
  readonly #stops: (() => void)[];

  private constructor(file: number, token: VirtualToken) {
    this.#file = file;
    // Polled, because a read that waits would hold a thread of Node's small pool for as long as the token is plugged in.
    const poll = setInterval(() => this.#listen(token), POLL_MS);
    this.#stops = [
      () => clearInterval(poll),
      token.subscribe((report) => writeSync(this.#file, inputEvent(report))),
      token.onPlug((pluggedIn) => {
        if (!pluggedIn) this.#destroy();
      }),
    ];
  }

  /** Makes the kernel see the token, until it is unplugged. */
  static plug(token: VirtualToken, identity: UsbIdentity = {}): UhidDevice {
    if (!token.pluggedIn) token.plugIn();
    const device = new UhidDevice(openSync('/dev/uhid', constants.O_RDWR | constants.O_NONBLOCK), token);
    writeSync(device.#file, createEvent(identity));
    return device;
  }

  #listen(token: VirtualToken): void {
    while (token.pluggedIn && this.#read() >= 4) {
      const event = this.#event;
      switch (event.readUInt32LE(0)) {
        case OUTPUT: {
          const size = event.readUInt16LE(4 + DATA_MAX);
          const start = size > REPORT_SIZE ? 5 : 4;
          token.receive(Buffer.from(event.subarray(start, 4 + size)));
          break;
        }
        case GET_REPORT:
          writeSync(this.#file, refusal(GET_REPORT_REPLY, event.readUInt32LE(4)));
          break;
        case SET_REPORT:
          writeSync(this.#file, refusal(SET_REPORT_REPLY, event.readUInt32LE(4)));
          break;
      }
    }
  }

  /** Bytes of the next event; 0 where there is none. */
  #read(): number {
    try {
      return readSync(this.#file, this.#event, 0, EVENT_SIZE, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }

  #destroy(): void {
    for (const stop of this.#stops) stop();
    const event = Buffer.alloc(4);
    event.writeUInt32LE(DESTROY, 0);
    writeSync(this.#file, event);
    closeSync(this.#file);
  }
}

/** struct uhid_create2_req: name 128, phys 64, uniq 64, rd_size, bus, vendor, product, version, country, rd_data. */
function createEvent(identity: UsbIdentity): Buffer {
  const event = Buffer.alloc(280 + DATA_MAX);
  event.writeUInt32LE(CREATE2, 0);
  event.write(identity.product ?? 'Doorstep virtual key', 4, 127);
  event.write('virtual/input0', 132, 63);
  event.write(identity.serial ?? '', 196, 63);
  event.writeUInt16LE(FIDO_REPORT_DESCRIPTOR.length, 260);
  event.writeUInt16LE(BUS_USB, 262);
  event.writeUInt32LE(identity.vendorId ?? 0x1209, 264);
  event.writeUInt32LE(identity.productId ?? 0xd005, 268);
  event.writeUInt32LE(identity.release ?? 0x0100, 272);
  FIDO_REPORT_DESCRIPTOR.copy(event, 280);
  return event;
}

function inputEvent(report: Buffer): Buffer {
  const event = Buffer.alloc(6 + REPORT_SIZE);
  event.writeUInt32LE(INPUT2, 0);
  event.writeUInt16LE(report.length, 4);
  report.copy(event, 6);
  return event;
}

function refusal(type: number, id: number): Buffer {
  const event = Buffer.alloc(12);
  event.writeUInt32LE(type, 0);
  event.writeUInt32LE(id, 4);
  event.writeUInt16LE(EIO, 8);
  return event;
}
