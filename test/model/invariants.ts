/**
 * What every history keeps, each stated once (I1 to I4). The plans report here what was acknowledged: whatever order several
 * acts at the same moment had, what is said here must hold.
 */
import { demand } from './violation.ts';

/** What can be good once. */
export type Once = 'request' | 'approval' | 'signed request' | 'code' | 'spare code' | 'enrollment' | 'removal';
/** What can end. An 'entry' is an authenticator in the list: one that was stopped can still be renamed. */
export type Mortal = 'person' | 'session' | 'authenticator' | 'entry' | 'enrollment';

export class Invariants {
  readonly #spent = new Set<string>();
  readonly #letIn = new Set<string>();
  readonly #ended = new Set<string>();

  /** I1: nothing that is good once succeeds twice, whichever way it comes. */
  spend(what: Once, id: string): void {
    const one = `${what} ${id}`;
    demand(!this.#spent.has(one), `I1: a ${what} was good twice`);
    this.#spent.add(one);
  }

  /** I2: wrong tries in a row never exceed their limit. */
  tried(what: string, inARow: number, most: number): void {
    demand(inARow <= most, `I2: ${inARow} wrong tries of ${what}, of ${most} that may be`);
  }

  /** I3: a session is full by a second step alone: here it has shown one. */
  letIn(sessionId: string): void {
    this.#letIn.add(sessionId);
  }

  /** I3, the other half: a session that the store calls full. */
  isFull(sessionId: string): void {
    demand(this.#letIn.has(sessionId), 'I3: a session is full without a second step');
  }

  /** I4: what was removed, stopped, replaced or closed, and acknowledged as that, opens nothing from the next moment on. */
  works(what: Mortal, id: string): void {
    demand(!this.hasEnded(what, id), `I4: ${what} worked after its end`);
  }

  hasEnded(what: Mortal, id: string): boolean {
    return this.#ended.has(`${what} ${id}`);
  }

  /** I4, the other half: it has ended. Called between two moments. */
  ended(what: Mortal, id: string): void {
    this.#ended.add(`${what} ${id}`);
  }
}
