/** `npm run test:kill [-- KILLS]`: kills the backend so many times (300), each time in the middle of all scenarios, on all cores. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Kills, killBackend } from './backend/kill-backend.ts';

type Told = { readonly done: number } | { readonly result: Kills } | { readonly error: string };

async function work(kills: number): Promise<void> {
  const tell = (told: Told): Promise<void> => new Promise((resolve) => process.send?.(told, () => resolve()));
  try {
    await tell({ result: await killBackend(kills, (done) => void tell({ done })) });
    process.exit(0);
  } catch (error) {
    await tell({ error: String(error) });
    process.exit(1);
  }
}

async function lead(kills: number): Promise<number> {
  const begin = performance.now();
  const seconds = (): string => ((performance.now() - begin) / 1_000).toFixed(0);
  const workers = availableParallelism();
  const done = new Map<number, number>();
  const sum = (): number => [...done.values()].reduce((all, one) => all + one, 0);
  const timer = setInterval(() => console.log(`${sum()} of ${kills} in ${seconds()} s`), 30_000);
  const results = await Promise.all(
    Array.from({ length: workers }, (_, worker) => runOne(Math.ceil(kills / workers), (count) => done.set(worker, count))),
  );
  clearInterval(timer);
  let broken = 0;
  const acknowledged = new Map<string, number>();
  for (const told of results) {
    if ('error' in told) {
      broken += 1;
      console.error(told.error);
    } else if ('result' in told) {
      const { medianStart, longestStart } = told.result;
      for (const [name, count] of Object.entries(told.result.acknowledged)) acknowledged.set(name, (acknowledged.get(name) ?? 0) + count);
      console.log(`started again in ${medianStart.toFixed(0)} ms (longest ${longestStart.toFixed(0)} ms)`);
    }
  }
  for (const [name, count] of acknowledged) console.log(`${name}: ${count} acknowledgements`);
  console.log(
    `${sum()} kills in the middle of all of them, in ${seconds()} s: ${broken === 0 ? 'nothing lost, nothing twice' : `${broken} broken`}`,
  );
  return broken === 0 ? 0 : 1;
}

function runOne(kills: number, onDone: (count: number) => void): Promise<Told> {
  const child = fork(fileURLToPath(import.meta.url), ['--worker', String(kills)]);
  return new Promise((resolve) => {
    child.on('message', (told: Told) => {
      if ('done' in told) onDone(told.done);
      else resolve(told);
    });
    child.once('exit', (code) => resolve({ error: `ended with ${code}` }));
  });
}

const [first, count] = process.argv.slice(2);
if (first === '--worker') await work(Number(count));
else process.exitCode = await lead(Number(first ?? 300));
