import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { MissingTool, prepareImage, prepareUdev } from './image.ts';

/** What one step in the guest printed: a name and its JSON. */
export type Steps = ReadonlyMap<string, unknown>;

/**
 * Boots Debian's kernel in QEMU with the host's root under it, runs `script` there with this very node, and
 * returns what it printed as lines `@@STEP name {json}`. Bounded by `timeoutMs`.
 * @throws MissingTool, and Error with the last lines of the console where the guest fails
 */
export async function runInGuest(script: string, timeoutMs: number): Promise<Steps> {
  const run = `cd "${process.cwd()}" && exec env HOME=/run TMPDIR=/run NO_COLOR=1 UDEVADM="${prepareUdev()}" PATH=/usr/bin:/bin:/usr/sbin "${process.execPath}" "${script}"`;
  const image = prepareImage(run);
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      // A processor without AVX: its emulation is young in QEMU 7.2, and node fell over under `max` now and then.
      ...['-machine', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'Nehalem', '-smp', '2', '-m', '768'],
      ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
      ...['-kernel', image.vmlinux, '-initrd', image.initrd],
      ...['-append', 'console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off'],
      ...['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const console: string[] = [];
  const steps = new Map<string, unknown>();
  let ended: string | null = null;
  const over = new Promise<void>((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`the guest took longer than ${timeoutMs} ms`)), timeoutMs);
    qemu.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new MissingTool('qemu-system-x86_64', 'qemu-system-x86') : error);
    });
    qemu.on('close', () => {
      clearTimeout(deadline);
      resolve();
    });
    const take = (line: string): void => {
      console.push(line);
      const step = /@@STEP (\S+) (.*)$/.exec(line);
      if (step !== null) steps.set(step[1] ?? '', parsed(step[2] ?? ''));
      const end = /@@(END \d+|ERROR .*)$/.exec(line);
      if (end === null) return;
      ended = end[1] ?? '';
      clearTimeout(deadline);
      resolve();
    };
    createInterface({ input: qemu.stdout }).on('line', take);
    createInterface({ input: qemu.stderr }).on('line', (line) => console.push(line));
  });
  try {
    await over;
  } catch (error) {
    if (error instanceof MissingTool) throw error;
    throw new Error(`${(error as Error).message}; its last words:\n${console.slice(-30).join('\n')}`);
  } finally {
    qemu.kill('SIGKILL');
    rmSync(image.initrd, { force: true });
  }
  if (ended !== 'END 0') throw new Error(`the guest ended with ${ended ?? 'nothing'}; its last words:\n${console.slice(-30).join('\n')}`);
  return steps;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
