/** `npm run test:model [-- HISTORIES]`: as many histories as asked for (100,000), on all cores. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Exploration, explore } from './explore.ts';

/** What a worker tells: how far it is, and at last what it found. */
type Told = { readonly done: number } | { readonly result: Exploration };

async function work(histories: number): Promise<void> {
  const tell = (told: Told): void => void process.send?.(told);
  const result = await explore({ histories, onProgress: (done) => tell({ done }) });
  process.send?.({ result } satisfies Told, () => process.exit(0));
}

async function lead(histories: number): Promise<number> {
  const workers = availableParallelism();
  const share = Math.ceil(histories / workers);
  const begun = performance.now();
  const done = new Map<number, number>();
  const sum = (): number => [...done.values()].reduce((all, one) => all + one, 0);
  const seconds = (): string => ((performance.now() - begun) / 1_000).toFixed(0);
  const timer = setInterval(() => console.log(`${sum().toLocaleString('en')} histories in ${seconds()} s`), 30_000);
  const results = await Promise.all(
    Array.from({ length: workers }, (_, worker) => {
      const child = fork(fileURLToPath(import.meta.url), ['--worker', String(share)]);
      return new Promise<Exploration>((resolve, reject) => {
        child.on('message', (told: Told) => {
          if ('done' in told) done.set(worker, told.done);
          else resolve(told.result);
        });
        child.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
      });
    }),
  );
  clearInterval(timer);
  const total = results.reduce((all, { histories: one }) => all + one, 0);
  const acts = results.reduce((all, { acts: one }) => all + one, 0);
  for (const { seed, violation } of results) {
    if (violation !== null) console.error(`seed ${seed}: ${violation.what}\n${JSON.stringify(violation.history, null, 1)}`);
  }
  const broken = results.filter(({ violation }) => violation !== null).length;
  const seeds = results.map(({ seed }) => seed).join(' and ');
  console.log(
    `${total.toLocaleString('en')} histories with ${acts.toLocaleString('en')} commands in ${seconds()} s, seeds ${seeds}: ${broken} violations`,
  );
  return broken === 0 ? 0 : 1;
}

const [first, share] = process.argv.slice(2);
if (first === '--worker') await work(Number(share));
else process.exitCode = await lead(Number(first ?? 100_000));
