/** CPU time: of another process, of this one, and of a loop. */
import { openSync, readFileSync, readSync } from 'node:fs';

const CLOCK_TICKS = 100;

/** CPU seconds that a process has used so far, in steps of 10 ms (proc(5): utime and stime). */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

/** CPU seconds of this process, all its threads. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Answers what tells for how long, milliseconds, the thread that calls this could have run and had to wait for a core
 * (schedstat: the second figure, nanoseconds): how much of a delay is the machine's.
 */
export function waitsForACore(): () => number {
  const file = openSync('/proc/thread-self/schedstat', 'r');
  const text = Buffer.alloc(80);
  return () => Number(text.toString('latin1', 0, readSync(file, text, 0, text.length, 0)).split(' ')[1]) / 1e6;
}

/** Runs `work` for some seconds after a warm-up; answers times a CPU second. */
export async function timesACpuSecond(seconds: number, work: () => Promise<unknown> | unknown): Promise<number> {
  for (let warm = 0; warm < 50; warm += 1) await work();
  const [begin, cpu] = [performance.now(), cpuSeconds()];
  let times = 0;
  while (performance.now() - begin < seconds * 1_000) {
    for (let few = 0; few < 20; few += 1) await work();
    times += 20;
  }
  return times / (cpuSeconds() - cpu);
}
