import { type FileHandle, open } from 'node:fs/promises';
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

/** A token behind the kernel's own HID stack, by /dev/uhid. */
export class UhidDevice {
  readonly #file: FileHandle;
  readonly #stops: (() => void)[];
  #writes: Promise<unknown> = Promise.resolve();
  #gone = false;

  private constructor(file: FileHandle, token: VirtualToken) {
    this.#file = file;
    this.#stops = [
      token.subscribe((report) => this.#write(inputEvent(report))),
      token.onPlug((pluggedIn) => {
        if (!pluggedIn) this.#destroy();
      }),
    ];
    void this.#listen(token);
  }

  /** Makes the kernel see the token. */
  static async plug(token: VirtualToken, identity: UsbIdentity = {}): Promise<UhidDevice> {
    if (!token.pluggedIn) token.plugIn();
    const device = new UhidDevice(await open('/dev/uhid', 'r+'), token);
    await device.#write(createEvent(identity));
    return device;
  }

  /** Resolves when the kernel has been told of everything so far. */
  async settled(): Promise<void> {
    await this.#writes;
  }

  async #listen(token: VirtualToken): Promise<void> {
    const event = Buffer.alloc(EVENT_SIZE);
    while (!this.#gone) {
      const { bytesRead } = await this.#file.read(event, 0, EVENT_SIZE, null).catch(() => ({ bytesRead: 0 }));
      if (bytesRead < 4) return;
      switch (event.readUInt32LE(0)) {
        case OUTPUT: {
          const size = event.readUInt16LE(4 + DATA_MAX);
          const start = size > REPORT_SIZE ? 5 : 4;
          token.receive(Buffer.from(event.subarray(start, 4 + size)));
          break;
        }
        case GET_REPORT:
          this.#write(refusal(GET_REPORT_REPLY, event.readUInt32LE(4)));
          break;
        case SET_REPORT:
          this.#write(refusal(SET_REPORT_REPLY, event.readUInt32LE(4)));
          break;
      }
    }
  }

  #write(event: Buffer): Promise<unknown> {
    this.#writes = this.#writes.then(() => (this.#gone ? null : this.#file.write(event))).catch(() => null);
    return this.#writes;
  }

  #destroy(): void {
    for (const stop of this.#stops) stop();
    const event = Buffer.alloc(4);
    event.writeUInt32LE(DESTROY, 0);
    void this.#write(event).then(() => {
      this.#gone = true;
    });
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
