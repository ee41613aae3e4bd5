/** Where tokens come from: a list that is kept up to date, and a way to open each entry. */
import type { TokenSource } from '../../contract/tokens.ts';
import type { ReportPipe } from '../link.ts';

export interface FoundDevice {
  /** The same while the device stays plugged in; may come again for another device afterwards. */
  readonly key: string;
  readonly source: TokenSource;
  /** Untrusted text from the device. */
  readonly product: string;
  readonly manufacturer: string;
  readonly serial: string | null;
  /** Throws `token.gone`, `token.no-permission`, `token.platform-keeps-it`, `token.busy`, `token.unsupported`. */
  open(): Promise<ReportPipe>;
}

export interface DeviceSource {
  /** Calls `listener` with all devices now and at each change, until the returned function is called. */
  watch(listener: (devices: readonly FoundDevice[]) => void): DeviceWatch;
}

export interface DeviceWatch {
  /** Looks again now. Resolves with what is there, after the listener has heard of any change. */
  refresh(): Promise<readonly FoundDevice[]>;
  /** Somebody waits for a device: looks often for a while. */
  hurry(): void;
  stop(): void;
}
