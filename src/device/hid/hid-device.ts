/** The part of node-hid's asynchronous device that the ladder uses; the practice key's socket has the same shape. */
export interface HidDevice {
  /** `values` starts with the report number, 0 for FIDO. Resolves with the count of bytes that left. */
  write(values: Buffer): Promise<number>;
  on(event: 'data', listener: (report: Buffer) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  removeAllListeners(event: 'data'): unknown;
  close(): Promise<void>;
}
