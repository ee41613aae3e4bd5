/**
 * Kills the backend so many times, at random moments at which a request of each of the four acts is on its way, and checks
 * after each start what must hold.
 */
import type { Dialect } from '../../support/each-store.ts';
import { acceptance } from './acceptance.ts';
import { approval } from './approval.ts';
import { Arena } from './arena.ts';
import { enrollment } from './enrollment.ts';
import { type Actor, Broken, demand, type Scenario } from './scenario.ts';
import { sync } from './sync.ts';

export const SCENARIOS: readonly Scenario[] = [enrollment, acceptance, approval, sync];
/** People of each scenario. */
const ACTORS = 2;
/** A start after a kill takes less than this up to its first answer, seconds. */
const LONGEST_START = 5;
/** Milliseconds until the kill, at most: one time in four from the first request on, else from the first acknowledgement on. */
const LONGEST_LIFE = 600;
/** Where one of the acts has nothing on its way at that moment, another moment is tried, at most so many milliseconds later. */
const LONGEST_DELAY = 25;
const MOST_DELAYS = 2_000;

export interface Kills {
  readonly kills: number;
  /** Of each scenario: kills while a request of its act was on its way. */
  readonly underWay: Readonly<Record<string, number>>;
  /** Of each scenario: pieces of work that were acknowledged before the kill that followed. */
  readonly acknowledged: Readonly<Record<string, number>>;
  /** Starts after kills up to the first answer, milliseconds, shortest first. */
  readonly starts: readonly number[];
  readonly seconds: number;
}

interface Cast {
  readonly name: string;
  readonly actors: readonly Actor[];
}

export interface KillOptions {
  readonly kills: number;
  readonly dialect: Dialect;
  /** Whether the machine does nothing else: then a start is measured by the clock, else in CPU seconds. */
  readonly quiet: boolean;
  readonly onProgress?: (done: number) => void;
}

export async function killBackend({ kills, dialect, quiet, onProgress = () => undefined }: KillOptions): Promise<Kills> {
  const begin = performance.now();
  const arena = await Arena.open(dialect);
  const acknowledged: Record<string, number> = {};
  const underWay: Record<string, number> = {};
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const casts: Cast[] = [];
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
      await sleep(life);
      await Promise.race([untilAllUnderWay(casts), ...working]);
      const killed = arena.kill();
      for (const { name, actors } of casts) underWay[name] = (underWay[name] ?? 0) + (isUnderWay(actors) ? 1 : 0);
      await killed;
      await Promise.all(working);
      await arena.start();
      const { wall, cpu } = arena.starts.at(-1) ?? { wall: Number.NaN, cpu: Number.NaN };
      demand((quiet ? wall / 1_000 : cpu) < LONGEST_START, `the backend took ${wall.toFixed(0)} ms, ${cpu} CPU seconds, to start`);
      await checkAll(arena, casts, `kill ${kill + 1} after ${life.toFixed(1)} ms`);
      onProgress(kill + 1);
    }
    // The first two were no starts after a kill.
    const starts = arena.starts.slice(2).map(({ wall }) => wall);
    starts.sort((a, b) => a - b);
    return {
      kills,
      underWay,
      acknowledged,
      starts,
      seconds: (performance.now() - begin) / 1_000,
    };
  } finally {
    await arena.close();
  }
}

function isUnderWay(actors: readonly Actor[]): boolean {
  return actors.some(({ flight }) => flight.underWay);
}

async function untilAllUnderWay(casts: readonly Cast[]): Promise<void> {
  for (let delays = 0; !casts.every(({ actors }) => isUnderWay(actors)); delays += 1) {
    demand(delays < MOST_DELAYS, 'the four acts were never under way at once');
    await sleep(Math.random() * LONGEST_DELAY);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function checkAll(arena: Arena, casts: readonly Cast[], when: string): Promise<void> {
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
