/** Kills the backend at random moments, so many times, while all scenarios go on at once, and checks after each start what must hold. */
import { acceptance } from './acceptance.ts';
import { approval } from './approval.ts';
import { Arena } from './arena.ts';
import { enrollment } from './enrollment.ts';
import { type Actor, Broken, demand, type Scenario } from './scenario.ts';
import { sync } from './sync.ts';

export const SCENARIOS: readonly Scenario[] = [enrollment, acceptance, approval, sync];
/** People of each scenario. */
const ACTORS = 2;
/** A start after a kill takes less than this, CPU seconds. */
const LONGEST_START = 5;
/** Milliseconds until the kill, at most: one time in four from the first request on, else from the first acknowledgement on. */
const LONGEST_LIFE = 600;

export interface Kills {
  readonly kills: number;
  /** Of each scenario: pieces of work that were acknowledged before the kill that followed. */
  readonly acknowledged: Readonly<Record<string, number>>;
  /** Starts after kills, milliseconds. */
  readonly medianStart: number;
  readonly longestStart: number;
  readonly seconds: number;
}

export async function killBackend(kills: number, onProgress: (done: number) => void = () => undefined): Promise<Kills> {
  const begin = performance.now();
  const arena = await Arena.open();
  const acknowledged: Record<string, number> = {};
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const casts: { readonly name: string; readonly actors: readonly Actor[] }[] = [];
      for (const { name, prepare } of SCENARIOS) casts.push({ name, actors: await prepare(arena, ACTORS) });
      await arena.newRows();
      const life = Math.random() * LONGEST_LIFE;
      let onFirst: () => void = () => undefined;
      const first = new Promise<void>((resolve) => {
        onFirst = resolve;
      });
      if (kill % 4 === 0) onFirst();
      const working = casts.flatMap(({ name, actors }) =>
        actors.map(async (actor) => {
          acknowledged[name] = (acknowledged[name] ?? 0) + (await workUntilGone(actor, onFirst));
        }),
      );
      await Promise.race([first, ...working]);
      await new Promise((resolve) => setTimeout(resolve, life));
      await arena.kill();
      await Promise.all(working);
      await arena.start();
      const start = arena.starts.at(-1)?.cpu ?? Number.NaN;
      demand(start < LONGEST_START, `the backend took ${start} CPU seconds to start`);
      await checkAll(arena, casts, `kill ${kill + 1} after ${life.toFixed(1)} ms`);
      onProgress(kill + 1);
    }
    const starts = arena.starts
      .slice(2)
      .map(({ wall }) => wall)
      .sort((a, b) => a - b);
    return {
      kills,
      acknowledged,
      medianStart: starts[Math.floor(starts.length / 2)] ?? Number.NaN,
      longestStart: starts.at(-1) ?? Number.NaN,
      seconds: (performance.now() - begin) / 1_000,
    };
  } finally {
    await arena.close();
  }
}

async function checkAll(
  arena: Arena,
  casts: readonly { readonly name: string; readonly actors: readonly Actor[] }[],
  when: string,
): Promise<void> {
  const blame = (name: string, error: unknown) => new Error(`${name}, ${when}: ${String(error)}`, { cause: error });
  for (const { name, actors } of casts) {
    try {
      for (const actor of actors) await actor.check();
    } catch (error) {
      throw blame(name, error);
    }
  }
  const rows = await arena.newRows();
  for (const { name, actors } of casts) {
    try {
      for (const actor of actors) actor.checkTrail(rows);
    } catch (error) {
      throw blame(name, error);
    }
  }
}

/** Answers how many pieces of work were acknowledged. What went wrong for another reason than the kill is thrown. */
async function workUntilGone(actor: Actor, onDone: () => void): Promise<number> {
  for (let done = 0; ; done += 1) {
    try {
      await actor.act();
      onDone();
    } catch (error) {
      if (error instanceof Broken) throw error;
      return done;
    }
  }
}
