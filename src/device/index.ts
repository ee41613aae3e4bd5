/** The door of the device room: tokens on USB, and the practice key. */
export { type PracticeOptions, practiceSource } from './hid/socket.ts';
export type { DeviceSource } from './hid/source.ts';
export { usbSource } from './hid/usb.ts';
export { startTokenService, type TokenPort, type TokenService, type TokenServiceOptions } from './service.ts';
