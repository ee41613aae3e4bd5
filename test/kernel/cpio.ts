/** One file or folder of an initial RAM file system. */
export interface Entry {
  readonly name: string;
  /** Absent: a folder. */
  readonly content?: Uint8Array;
  readonly executable?: boolean;
}

const REGULAR = 0o100000;
const FOLDER = 0o040000;

/** A cpio archive in the format "newc", which the kernel unpacks as its first root (initramfs buffer format). */
export function cpio(entries: readonly Entry[]): Buffer {
  const chunks: Uint8Array[] = [];
  let inode = 1;
  const put = (name: string, mode: number, content: Uint8Array): void => {
    const file = Buffer.from(`${name}\0`);
    const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, file.length, 0];
    inode += 1;
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
    chunks.push(header, file, padding(header.length + file.length), content, padding(content.length));
  };
  for (const { name, content, executable } of entries) {
    if (content === undefined) put(name, FOLDER | 0o755, new Uint8Array());
    else put(name, REGULAR | (executable === true ? 0o755 : 0o644), content);
  }
  put('TRAILER!!!', 0, new Uint8Array());
  return Buffer.concat(chunks);
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
