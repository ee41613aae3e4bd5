/**
 * `npm run test:kill`: kills the backend so many times (300) on SQLite, and as often on PostgreSQL, which lives on; each time a
 * request of each of the four acts is on its way. On all cores; `node test/kill/run-backend.ts KILLS` for another number.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Dialect } from '../support/each-store.ts';
import { type Kills, killBackend } from './backend/kill-backend.ts';

type Told = { readonly done: number } | { readonly result: Kills } | { readonly error: string };

async function work(dialect: Dialect, kills: number): Promise<void> {
  const tell = (told: Told): Promise<void> => new Promise((resolve) => process.send?.(told, () => resolve()));
  try {
    await tell({ result: await killBackend({ kills, dialect, quiet: true, onProgress: (done) => void tell({ done }) }) });
    process.exit(0);
  } catch (error) {
    await tell({ error: String(error) });
    process.exit(1);
  }
}

/** Whether nothing was lost, and nothing happened twice. */
async function lead(dialect: Dialect, kills: number): Promise<boolean> {
  const begin = performance.now();
  const seconds = (): string => ((performance.now() - begin) / 1_000).toFixed(0);
  const workers = availableParallelism();
  const done = new Map<number, number>();
  const sum = (): number => [...done.values()].reduce((all, one) => all + one, 0);
  const timer = setInterval(() => console.log(`${dialect}: ${sum()} of ${kills} in ${seconds()} s`), 30_000);
  const told = await Promise.all(
    Array.from({ length: workers }, (_, worker) => runOne(dialect, Math.ceil(kills / workers), (count) => done.set(worker, count))),
  );
  clearInterval(timer);
  const errors = told.flatMap((one) => ('error' in one ? [one.error] : []));
  for (const error of errors) console.error(error);
  report(
    dialect,
    told.flatMap((one) => ('result' in one ? [one.result] : [])),
  );
  console.log(
    `${dialect}: ${sum()} kills in ${seconds()} s: ${errors.length === 0 ? 'nothing lost, nothing twice' : `${errors.length} broken`}`,
  );
  return errors.length === 0;
}

function report(dialect: Dialect, results: readonly Kills[]): void {
  const total = (of: (kills: Kills) => Readonly<Record<string, number>>, name: string): number =>
    results.reduce((sum, one) => sum + (of(one)[name] ?? 0), 0);
  for (const name of Object.keys(results[0]?.underWay ?? {})) {
    const [kills, pieces] = [total(({ underWay }) => underWay, name), total(({ acknowledged }) => acknowledged, name)];
    console.log(`${dialect}: ${name}: ${kills} kills while it was under way; ${pieces} were acknowledged and are there, once`);
  }
  const starts = results.flatMap((one) => one.starts).sort((a, b) => a - b);
  const median = starts[Math.floor(starts.length / 2)] ?? Number.NaN;
  console.log(
    `${dialect}: first answer after a kill: median ${median.toFixed(0)} ms, longest ${(starts.at(-1) ?? Number.NaN).toFixed(0)} ms`,
  );
}

function runOne(dialect: Dialect, kills: number, onDone: (count: number) => void): Promise<Told> {
  const child = fork(fileURLToPath(import.meta.url), ['--worker', dialect, String(kills)]);
  return new Promise((resolve) => {
    child.on('message', (told: Told) => {
      if ('done' in told) onDone(told.done);
      else resolve(told);
    });
    child.once('exit', (code) => resolve({ error: `ended with ${code}` }));
  });
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--worker') await work(rest[0] as Dialect, Number(rest[1]));
else {
  const held: boolean[] = [];
  for (const dialect of ['sqlite', 'postgres'] as const) held.push(await lead(dialect, Number(first ?? 300)));
  process.exitCode = held.every((one) => one) ? 0 : 1;
}
