import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Image, MissingTool, prepareImage, prepareUdev } from './image.ts';

/** What one step in the guest printed: a name and its JSON. */
export type Steps = ReadonlyMap<string, unknown>;

/** Nothing in the guest takes nearly as long as this without a word, on a busy machine either. */
const SILENCE_MS = 90_000;

/** Emulation broke, not what is tested in it: the guest stopped saying anything, or V8 found its own memory wrong. */
class BrokenGuest extends Error {}

/** How V8 begins when it gives itself up. */
const V8_GAVE_UP = '# Fatal error in ';

/**
 * Boots Debian's kernel in QEMU with the host's root under it, runs `script` there with this very node, and returns
 * what it printed as lines `@@STEP name {json}`. Bounded by `timeoutMs`; a guest in which emulation breaks is booted once more.
 * @throws MissingTool, and Error with the last lines of the console where the guest fails
 */
export async function runInGuest(script: string, timeoutMs: number): Promise<Steps> {
  const environment = `HOME=/run TMPDIR=/run NO_COLOR=1 UDEVADM="${prepareUdev()}" PATH=/usr/bin:/bin:/usr/sbin`;
  const image = prepareImage(`cd "${process.cwd()}" && exec env ${environment} "${process.execPath}" "${script}"`);
  const until = Date.now() + timeoutMs;
  try {
    return await boot(image, timeoutMs);
  } catch (error) {
    if (!(error instanceof BrokenGuest)) throw error;
    process.emitWarning(`${error.message}\nIt is booted once more.`);
    return await boot(image, until - Date.now());
  } finally {
    rmSync(image.initrd, { force: true });
  }
}

async function boot(image: Image, timeoutMs: number): Promise<Steps> {
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      // A processor without AVX: its emulation is young in QEMU 7.2, and node fell over under `max` now and then. One thread
      // for both processors: with two, what V8 compiles changed under it now and then, and it is no faster.
      ...['-machine', 'pc', '-accel', 'tcg,thread=single', '-cpu', 'Nehalem', '-smp', '2', '-m', '768'],
      ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
      ...['-kernel', image.vmlinux, '-initrd', image.initrd],
      ...['-append', 'console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off'],
      ...['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines: string[] = [];
  const lastWords = (): string => `its last words:\n${lines.slice(-30).join('\n')}`;
  const steps = new Map<string, unknown>();
  let ended: string | null = null;
  const stops: (() => void)[] = [() => qemu.kill('SIGKILL')];
  try {
    await new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`the guest took longer than ${timeoutMs} ms; ${lastWords()}`)), timeoutMs);
      const silence = setTimeout(() => reject(new BrokenGuest(`the guest fell silent; ${lastWords()}`)), SILENCE_MS);
      stops.push(
        () => clearTimeout(deadline),
        () => clearTimeout(silence),
      );
      qemu.on('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'ENOENT' ? new MissingTool('qemu-system-x86_64', 'qemu-system-x86') : error);
      });
      qemu.on('close', () => resolve());
      createInterface({ input: qemu.stdout }).on('line', (line) => {
        silence.refresh();
        lines.push(line);
        const step = /@@STEP (\S+) (.*)$/.exec(line);
        if (step !== null) steps.set(step[1] ?? '', parsed(step[2] ?? ''));
        const end = /@@(END \d+|ERROR .*)$/.exec(line);
        if (end === null) return;
        ended = end[1] ?? '';
        resolve();
      });
      createInterface({ input: qemu.stderr }).on('line', (line) => lines.push(line));
    });
  } finally {
    for (const stop of stops) stop();
  }
  if (ended !== 'END 0') {
    const Kind = lines.some((line) => line.startsWith(V8_GAVE_UP)) ? BrokenGuest : Error;
    throw new Kind(`the guest ended with ${ended ?? 'nothing'}; ${lastWords()}`);
  }
  return steps;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
