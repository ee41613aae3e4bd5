/**
 * Whether a token may be at this computer, told without node-hid: so little that it can be watched for by a process that
 * must not load it. Where that cannot be known, the answer is that one may be there.
 */
import { promises as files, watch as watchFolder } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from './clock.ts';

export interface PresenceOptions {
  readonly platform?: NodeJS.Platform;
  readonly clock?: Clock;
  /** Where the kernel makes a node for each HID device, and where it describes them. */
  readonly nodes?: string;
  readonly classes?: string;
}

/** Hints come in bursts (made, renamed, given to the person): one look after the last of them. */
const SETTLE_MS = 30;
/** The usage page of FIDO as it stands in a report descriptor. Chance may put it there too: then a process runs for nothing. */
const FIDO_PAGE = Buffer.from([0xd0, 0xf1]);

/** Tells at first, and at each change, until the returned function is called. Nothing is polled. */
export function watchPresence(listener: (maybe: boolean) => void, options: PresenceOptions = {}): () => void {
  const { platform = process.platform, clock = systemClock, nodes = '/dev', classes = '/sys/class/hidraw' } = options;
  let told: boolean | null = null;
  let looks = 0;
  let stopped = false;
  let stopSettle = () => {};
  const tell = (maybe: boolean) => {
    if (stopped || maybe === told) return;
    told = maybe;
    listener(maybe);
  };
  const look = async () => {
    looks += 1;
    const own = looks;
    const maybe = await describesToken(classes);
    // A later look knows better.
    if (own === looks) tell(maybe);
  };
  const stop = () => {
    stopped = true;
    stopSettle();
  };
  if (platform !== 'linux') {
    tell(true);
    return stop;
  }
  try {
    const watcher = watchFolder(nodes, { persistent: false }, (_event, name) => {
      if (name === null || !isHidraw(name)) return;
      stopSettle();
      stopSettle = clock.after(SETTLE_MS, () => void look());
    });
    watcher.on('error', () => {
      looks += 1;
      tell(true);
    });
    void look();
    return () => {
      stop();
      watcher.close();
    };
  } catch {
    tell(true);
    return stop;
  }
}

const isHidraw = (name: string): boolean => name.startsWith('hidraw');

async function describesToken(classes: string): Promise<boolean> {
  let names: readonly string[];
  try {
    names = await files.readdir(classes);
  } catch (error) {
    // No HID device has been there since the start: then the class is not there either.
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
  const found = await Promise.all(
    names.filter(isHidraw).map((name) =>
      files.readFile(join(classes, name, 'device', 'report_descriptor')).then(
        (descriptor) => descriptor.includes(FIDO_PAGE),
        (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENODEV',
      ),
    ),
  );
  return found.includes(true);
}
