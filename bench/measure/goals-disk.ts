/**
 * The disk that the goals were set on: its fdatasync took 3 to 4 ms. A program that is started on it uses this machine's
 * disk, and each of its fsync and fdatasync comes back so much later; no other call is traced, or waits.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LATER = 3_300;
const CALLS = 'fsync,fdatasync';

/** How a program is started: its command line becomes the one that is run instead. */
export type Start = (command: readonly string[]) => readonly string[];

export const asIs: Start = (command) => command;

/** The process that comes of it is the program itself: strace stands aside (-D). */
export const onGoalsDisk: Start = (command) => [
  'strace',
  ...['-D', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null'],
  ...['-e', `trace=${CALLS}`, '-e', `inject=${CALLS}:delay_exit=${LATER}`],
  '--',
  ...command,
];

/** What a table says of it. `perSecond`: what the loop did on it. */
export function goalsDiskNote(perSecond: string): string {
  return `goals’ disk: the same once more with every fsync and fdatasync of both sides, and of the loop, ${LATER / 1_000} ms later (strace), because the goals were set on a disk of 260 to 350 fdatasync a second; the loop then does ${perSecond} a second`;
}

/** Milliseconds of each write with its fdatasync in `folder`, in a process of its own. */
export function diskLoop(start: Start, folder: string, seconds: number): number[] {
  const script = fileURLToPath(new URL('disk-loop.ts', import.meta.url));
  const [program = '', ...words] = start([process.execPath, script, folder, String(seconds)]);
  return JSON.parse(execFileSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 26 })) as number[];
}
