import type { AuditRow } from '../../../src/backend/domain/audit.ts';
import type { ApiAnswer } from '../../support/backend.ts';
import type { Arena } from './arena.ts';

/** One who works until the backend is gone, and who says afterwards what must be so. */
export interface Actor {
  /** Which requests of its act are on their way. */
  readonly flight: Flight;
  /** One piece of work; rejects where the backend went away meanwhile. Everything that was acknowledged is remembered. */
  act(): Promise<void>;
  /** After the restart: nothing acknowledged is lost, what was under way happened or did not, and nothing happens twice. */
  check(): Promise<void>;
  /** What the trail must hold now. `rows` are those since the last check. */
  checkTrail(rows: readonly AuditRow[]): void;
}

/** Knows whether a request has been sent and not answered: then the kill falls in the middle of it. */
export class Flight {
  #open = 0;

  get underWay(): boolean {
    return this.#open > 0;
  }

  async of<T>(request: Promise<T>): Promise<T> {
    this.#open += 1;
    try {
      return await request;
    } finally {
      this.#open -= 1;
    }
  }
}

export interface Scenario {
  readonly name: string;
  prepare(arena: Arena, count: number): Promise<readonly Actor[]>;
}

export class Broken extends Error {
  override readonly name = 'Broken';
}

export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}

/** The answer's body, where it has the status that it must have. */
export function must<T>(answer: ApiAnswer<T>, status: number, what: string): T {
  demand(answer.status === status, `${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export function codeOf(answer: ApiAnswer): string {
  return (answer.body as { code?: string } | null)?.code ?? '';
}
