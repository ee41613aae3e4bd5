/** What the disk alone gives: a page is written, then the disk is asked for it, again and again. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = Buffer.alloc(4096, 0x5a);
const PAGES = 256;

/** Milliseconds of each write with its fdatasync, in a file of `folder` that has its full size beforehand. */
export function fdatasyncs(folder: string, seconds: number): number[] {
  const path = join(folder, 'fdatasync');
  const file = openSync(path, 'w');
  try {
    for (let page = 0; page < PAGES; page += 1) writeSync(file, PAGE, 0, PAGE.length, page * PAGE.length);
    fdatasyncSync(file);
    const milliseconds: number[] = [];
    const end = performance.now() + seconds * 1_000;
    for (let page = 0; performance.now() < end; page = (page + 1) % PAGES) {
      const begin = performance.now();
      writeSync(file, PAGE, 0, PAGE.length, page * PAGE.length);
      fdatasyncSync(file);
      milliseconds.push(performance.now() - begin);
    }
    return milliseconds;
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
