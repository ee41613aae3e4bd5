/** `npm run test:kill [-- KILLS]`: kills the backend so many times (300) in each scenario, on all cores. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Kills, killBackend, SCENARIOS } from './backend/kill-backend.ts';

type Told = { readonly done: number } | { readonly result: Kills } | { readonly error: string };

async function work(name: string, kills: number): Promise<void> {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  const tell = (told: Told): Promise<void> => new Promise((resolve) => process.send?.(told, () => resolve()));
  try {
    await tell({ result: await killBackend(scenario, kills, (done) => void tell({ done })) });
    process.exit(0);
  } catch (error) {
    await tell({ error: String(error) });
    process.exit(1);
  }
}

async function lead(kills: number): Promise<number> {
  const begin = performance.now();
  const waiting = SCENARIOS.map(({ name }) => name);
  let broken = 0;
  const lane = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const told = await runOne(name, kills);
      if ('error' in told) {
        broken += 1;
        console.error(`${name}: ${told.error}`);
      } else if ('result' in told) {
        const { acknowledged, medianStart, longestStart, seconds } = told.result;
        console.log(
          `${name}: killed ${kills} times in ${seconds.toFixed(0)} s, ${acknowledged} acknowledgements, none lost, nothing twice; started again in ${medianStart.toFixed(0)} ms (longest ${longestStart.toFixed(0)} ms)`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), SCENARIOS.length) }, lane));
  console.log(`${SCENARIOS.length * kills} kills in ${((performance.now() - begin) / 1_000).toFixed(0)} s: ${broken} broken`);
  return broken === 0 ? 0 : 1;
}

function runOne(name: string, kills: number): Promise<Told> {
  const child = fork(fileURLToPath(import.meta.url), ['--scenario', name, String(kills)]);
  return new Promise((resolve) => {
    child.on('message', (told: Told) => {
      if (!('done' in told)) resolve(told);
      else if (told.done % 25 === 0) console.log(`${name}: ${told.done} of ${kills}`);
    });
    child.once('exit', (code) => resolve({ error: `ended with ${code}` }));
  });
}

const [first, name, count] = process.argv.slice(2);
if (first === '--scenario') await work(name ?? '', Number(count));
else process.exitCode = await lead(Number(first ?? 300));
