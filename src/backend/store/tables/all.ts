import type { Kysely } from 'kysely';
import type { Tables, Topic, Transaction } from '../../domain/stores.ts';
import type { Locking } from '../locking.ts';
import type { Schema } from '../schema.ts';
import { appendToChain, type ChainEnd, type DatedEntry, listChain } from './audit.ts';
import { authenticatorsOn } from './authenticators.ts';
import { ceremoniesOn } from './ceremonies.ts';
import { challengesOn } from './challenges.ts';
import { codeEnrollmentsOn, codesOn, spareCodesOn } from './codes.ts';
import { deviceChangesOn } from './device-changes.ts';
import { factsOn } from './facts.ts';
import { attemptsOn, replaysOn } from './limits.ts';
import { pairingOn } from './pairing.ts';
import { peopleOn } from './people.ts';
import { reportsOn } from './reports.ts';
import { servicesOn } from './services.ts';
import { sessionsOn } from './sessions.ts';

export type OtherTables = Omit<Tables, 'audit'>;

/** All but the trail, of which a unit of work keeps its rows until it ends. */
export function tablesOn(db: Kysely<Schema>, locking: Locking): OtherTables {
  return {
    people: peopleOn(db),
    sessions: sessionsOn(db, locking),
    authenticators: authenticatorsOn(db, locking),
    ceremonies: ceremoniesOn(db),
    challenges: challengesOn(db),
    services: servicesOn(db),
    pairing: pairingOn(db),
    replays: replaysOn(db),
    attempts: attemptsOn(db),
    facts: factsOn(db),
    deviceChanges: deviceChangesOn(db),
    reports: reportsOn(db),
    codes: codesOn(db, locking),
    codeEnrollments: codeEnrollmentsOn(db),
    spareCodes: spareCodesOn(db),
  };
}

/** For reads of committed data; a change of the trail belongs in a transaction. */
export function readTablesOn(db: Kysely<Schema>, locking: Locking): Tables {
  return {
    ...tablesOn(db, locking),
    audit: {
      append: async () => {
        throw new Error('the audit trail is written inside a transaction');
      },
      list: (from, limit) => listChain(db, from, limit),
    },
  };
}

/** One unit of work: its rows of the trail and its announcements are kept until the end. */
export class UnitOfWork {
  readonly #db: Kysely<Schema>;
  readonly #locking: Locking;
  readonly #entries: DatedEntry[] = [];
  readonly topics = new Set<Topic>();
  readonly transaction: Transaction;

  /** `tables`: those of `db`. */
  constructor(db: Kysely<Schema>, locking: Locking, tables: OtherTables) {
    this.#db = db;
    this.#locking = locking;
    this.transaction = {
      ...tables,
      audit: {
        append: async (entry, at) => {
          this.#entries.push({ entry, at });
        },
        list: (from, limit) => listChain(db, from, limit),
      },
      announce: (topic) => {
        this.topics.add(topic);
      },
    };
  }

  /**
   * Writes the rows of the trail; the last step of the unit. Answers where the trail ends then, which is to be kept before
   * the commit. `end`: where it ended after the unit before in the same transaction.
   */
  finish(end: ChainEnd | null): Promise<ChainEnd | null> {
    return appendToChain(this.#db, this.#locking, this.#entries, end);
  }
}
