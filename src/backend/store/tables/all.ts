import type { Kysely } from 'kysely';
import type { Tables, Topic, Transaction } from '../../domain/stores.ts';
import type { Locking } from '../locking.ts';
import type { Schema } from '../schema.ts';
import { appendToChain, type DatedEntry, listChain } from './audit.ts';
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

function tablesOn(db: Kysely<Schema>, locking: Locking): Omit<Tables, 'audit'> {
  return {
    people: peopleOn(db),
    sessions: sessionsOn(db),
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

  constructor(db: Kysely<Schema>, locking: Locking) {
    this.#db = db;
    this.#locking = locking;
    this.transaction = {
      ...tablesOn(db, locking),
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

  /** Writes the rows of the trail; the last step before the commit. */
  async finish(): Promise<void> {
    await appendToChain(this.#db, this.#locking, this.#entries);
  }
}
