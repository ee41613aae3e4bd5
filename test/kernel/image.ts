import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cpio, type Entry } from './cpio.ts';

/** In the order in which they load; those that the kernel has built in are passed over. */
const MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'virtio_pci',
  '9pnet',
  '9pnet_virtio',
  'netfs',
  'fscache',
  '9p',
  'hid',
  'uhid',
  'hid-generic',
];

const BUSYBOX = '/bin/busybox';
const XZ_MAGIC = Buffer.from('fd377a585a00', 'hex');
const cache = resolve(import.meta.dirname, '../../.doorstep/kernel');
/** Packages as they were downloaded, for every clone of this person: the next one needs no network for them. */
const downloads = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'doorstep', 'packages');

/** What QEMU boots: an uncompressed kernel, and the first root with `run` as what it executes. */
export interface Image {
  readonly vmlinux: string;
  readonly initrd: string;
}

/** A tool that the machine does not have, with the one line that brings it. */
export class MissingTool extends Error {
  constructor(tool: string, packageName: string) {
    super(`${tool} was not found. Install it: apt-get install ${packageName}`);
    this.name = 'MissingTool';
  }
}

/**
 * Prepares Debian's kernel: downloaded and unpacked once (not installed), kept in the project's cache folder.
 * `run` is the command line that the guest executes in the host's root.
 * @throws MissingTool
 */
export function prepareImage(run: string): Image {
  if (!existsSync(BUSYBOX)) throw new MissingTool('busybox', 'busybox-static');
  const kernel = join(cache, 'unpacked');
  if (!existsSync(join(kernel, 'vmlinux'))) unpackKernel(kernel);
  const modules = MODULES.map((name) => `${name}.ko`).filter((file) => existsSync(join(kernel, file)));
  const initrd = join(cache, `initrd-${process.pid}.gz`);
  const entries: Entry[] = [
    ...['bin', 'dev', 'host', 'modules', 'proc', 'sys'].map((name) => ({ name })),
    { name: 'bin/busybox', content: readFileSync(BUSYBOX), executable: true },
    ...modules.map((file) => ({ name: `modules/${file}`, content: readFileSync(join(kernel, file)) })),
    { name: 'init', content: Buffer.from(initScript(modules, run)), executable: true },
  ];
  writeFileSync(initrd, gzipSync(cpio(entries), { level: 1 }));
  return { vmlinux: join(kernel, 'vmlinux'), initrd };
}

/** Debian's udev, unpacked beside the kernel: the machine itself may have none. Returns the path of udevadm. */
export function prepareUdev(): string {
  const target = join(cache, 'udev');
  const udevadm = join(target, 'bin/udevadm');
  if (existsSync(udevadm)) return udevadm;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'unpack-'));
  try {
    renameSync(unpackPackage('udev', work), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return udevadm;
}

/** The guest's first process: the host's root read-only over 9p, devices of its own, then `run`, then off. */
function initScript(modules: readonly string[], run: string): string {
  return [
    '#!/bin/busybox sh',
    'b=/bin/busybox',
    'echo "@@STAGE booted"',
    '$b mount -t proc proc /proc',
    '$b mount -t sysfs sys /sys',
    '$b mount -t devtmpfs dev /dev',
    ...modules.map((file) => `$b insmod /modules/${file}`),
    'echo "@@STAGE modules loaded"',
    '$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /host || echo "@@ERROR the root of the host cannot be mounted"',
    '$b mount -t proc proc /host/proc',
    '$b mount -t sysfs sys /host/sys',
    '$b mount --bind /dev /host/dev',
    '$b mount -t tmpfs run /host/run',
    'echo "@@STAGE mounted"',
    `$b chroot /host /bin/sh -c '${run}'`,
    'echo "@@END $?"',
    '$b poweroff -f',
    '',
  ].join('\n');
}

function unpackKernel(target: string): void {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'unpack-'));
  try {
    const name = kernelPackage();
    const root = unpackPackage(name, work);
    const draft = join(work, 'ready');
    mkdirSync(draft);
    const image = readdirSync(join(root, 'boot')).find((file) => file.startsWith('vmlinuz-'));
    if (image === undefined) throw new Error(`${name} has no kernel in it`);
    writeFileSync(join(draft, 'vmlinux'), decompress(readFileSync(join(root, 'boot', image)), work));
    copyModules(join(root, 'lib/modules'), draft, work);
    renameSync(draft, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Downloads a package, installs nothing; returns the folder with its files, inside `work`. */
function unpackPackage(name: string, work: string): string {
  mkdirSync(downloads, { recursive: true });
  const find = (): string | undefined => readdirSync(downloads).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
  if (find() === undefined) download(name);
  const archive = find();
  if (archive === undefined) throw new Error(`apt-get download brought no ${name}`);
  const root = join(work, 'root');
  tool('dpkg-deb', 'dpkg', ['-x', join(downloads, archive), root]);
  return root;
}

function download(name: string): void {
  const draft = mkdtempSync(join(downloads, 'draft-'));
  // As root, apt would rather download as its own user, who may not write here.
  const apt = (...words: string[]) =>
    tool('apt-get', 'apt', ['-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Retries=3', ...words], { cwd: draft });
  try {
    try {
      apt('download', name);
    } catch (error) {
      // Lists older than the mirror name a version that it no longer has; only root may refresh them.
      if (error instanceof MissingTool || process.getuid?.() !== 0) throw error;
      apt('update');
      apt('download', name);
    }
    for (const file of readdirSync(draft)) renameSync(join(draft, file), join(downloads, file));
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The package that the meta package stands for now. */
function kernelPackage(): string {
  const meta = process.arch === 'arm64' ? 'linux-image-arm64' : 'linux-image-amd64';
  const depends = tool('apt-cache', 'apt', ['depends', meta]).toString();
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error(`apt knows no ${meta}. Refresh its lists: apt-get update`);
  return name;
}

/** The kernel proper is an xz stream inside vmlinuz; booted plain it starts some seconds sooner. */
function decompress(vmlinuz: Buffer, work: string): Buffer {
  const at = vmlinuz.indexOf(XZ_MAGIC);
  if (at < 0) throw new Error('the kernel image holds no xz stream');
  return unxz(vmlinuz.subarray(at), work);
}

/** From a file, because xz hangs up on its input once the stream ends, and more than the stream follows. */
function unxz(stream: Buffer, work: string): Buffer {
  const file = join(work, 'stream.xz');
  writeFileSync(file, stream);
  return tool('xz', 'xz-utils', ['-dc', '--single-stream', file]);
}

function copyModules(from: string, to: string, work: string): void {
  for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    const name = /([^/]+)\.ko(\.xz)?$/.exec(file);
    if (name === null || !MODULES.includes(name[1] ?? '')) continue;
    const content = readFileSync(join(from, file));
    writeFileSync(join(to, `${name[1]}.ko`), name[2] === undefined ? content : unxz(content, work));
  }
}

function tool(name: string, packageName: string, args: readonly string[], options: { cwd?: string } = {}): Buffer {
  try {
    return execFileSync(name, args, { ...options, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const failure = error as NodeJS.ErrnoException & { stderr?: Buffer; stdout?: Buffer };
    if (failure.code === 'ENOENT') throw new MissingTool(name, packageName);
    throw new Error(`${name} ${args.join(' ')} failed: ${failure.stderr?.toString() ?? failure.message}`);
  }
}
