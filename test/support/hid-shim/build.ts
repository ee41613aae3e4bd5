import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const SOURCES = ['shim.c', 'udev.c'].map((name) => join(here, name));
const HEADER = join(here, 'shim.h');
const cache = resolve(here, '../../../.doorstep/hid-shim');

/**
 * The path of the compiled shim for LD_PRELOAD. Compiled when its source has changed; the file name carries the
 * source's hash, so that several processes may ask at once.
 * @throws Error that names the missing tool
 */
export function shimPath(): string {
  const hash = createHash('sha256')
    .update(Buffer.concat([...SOURCES, HEADER].map((file) => readFileSync(file))))
    .digest('hex')
    .slice(0, 16);
  const library = join(cache, `shim-${process.arch}-${hash}.so`);
  if (existsSync(library)) return library;
  return compile(library);
}

function compile(library: string): string {
  let target = library;
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK);
  } catch {
    // Somebody else's checkout: a copy of one's own.
    target = join(mkdtempSync(join(tmpdir(), 'doorstep-shim-')), basename(library));
  }
  const draft = `${target}.${process.pid}`;
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-o', draft, ...SOURCES, '-ldl'], {
      stdio: 'pipe',
    });
  } catch (error) {
    const failure = error as NodeJS.ErrnoException & { stderr?: Buffer };
    if (failure.code === 'ENOENT') throw new Error('No C compiler was found. Install one: apt-get install gcc libc6-dev');
    throw new Error(`The HID shim does not compile:\n${failure.stderr?.toString() ?? ''}`);
  }
  renameSync(draft, target);
  return target;
}
