import { type Insertable, type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { CodeForm } from '../../../contract/http/shapes.ts';
import type { AuthenticatorRecord } from '../../domain/model.ts';
import type { AuthenticatorStore } from '../../domain/stores.ts';
import type { Locking } from '../locking.ts';
import { prepared, preparedChange } from '../prepared.ts';
import type { AuthenticatorsTable, Schema } from '../schema.ts';

function toRecord(row: Selectable<AuthenticatorsTable>): AuthenticatorRecord {
  return {
    ...row,
    preferred: row.preferred === 1,
    transports: JSON.parse(row.transports) as string[],
    backupEligible: row.backupEligible === 1,
    backedUp: row.backedUp === 1,
    deviceKey: row.deviceKey === null ? null : (JSON.parse(row.deviceKey) as { x: string; y: string }),
    codeForm: row.codeForm === null ? null : (JSON.parse(row.codeForm) as CodeForm),
  };
}

function toRow(record: AuthenticatorRecord): Insertable<AuthenticatorsTable> {
  return {
    ...record,
    preferred: record.preferred ? 1 : 0,
    transports: JSON.stringify(record.transports),
    backupEligible: record.backupEligible ? 1 : 0,
    backedUp: record.backedUp ? 1 : 0,
    deviceKey: record.deviceKey === null ? null : JSON.stringify(record.deviceKey),
    codeForm: record.codeForm === null ? null : JSON.stringify(record.codeForm),
  };
}

/** Bounds what a desktop that greets again and again, and never comes further, leaves behind. */
const LONGEST_LIST = 400;

function oneMore(next: string): RawBuilder<string> {
  return sql<string>`case when length("nextGenerations") < ${sql.lit(LONGEST_LIST)} then "nextGenerations" || ' ' || ${next} else ${next} end`;
}

/** Oldest first. Here, because SQLite sorts a handful of rows more slowly than it finds them. */
function byAge(a: { readonly addedAt: number; readonly id: string }, b: { readonly addedAt: number; readonly id: string }): number {
  return a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1);
}

const byId = prepared((db, { id }: { id: string }) => db.selectFrom('authenticators').selectAll().where('id', '=', id));
const listOf = prepared((db, { personId }: { personId: string }) =>
  db.selectFrom('authenticators').selectAll().where('personId', '=', personId).where('state', '!=', 'removed'),
);
const useActive = preparedChange((db, { id, at, from }: { id: string; at: number; from: string }) =>
  db.updateTable('authenticators').set({ lastUsedAt: at, lastUsedFrom: from }).where('id', '=', id).where('state', '=', 'active'),
);

export function authenticatorsOn(db: Kysely<Schema>, locking: Locking): AuthenticatorStore {
  return {
    async byId(id) {
      const [row] = await byId(db, { id });
      return row === undefined ? null : toRecord(row);
    },
    async byCredentialId(credentialId) {
      const row = await db.selectFrom('authenticators').selectAll().where('credentialId', '=', credentialId).executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },
    async listOf(personId) {
      return (await listOf(db, { personId })).sort(byAge).map(toRecord);
    },
    async insert(authenticator) {
      const inserted = await db
        .insertInto('authenticators')
        .values(toRow(authenticator))
        .onConflict((oc) => oc.doNothing())
        .returning('id')
        .executeTakeFirst();
      return inserted !== undefined;
    },
    async rename(id, name, { at, by }) {
      const changed = await db
        .updateTable('authenticators')
        .set({ name, namedAt: at, namedBy: by })
        .where('id', '=', id)
        .where('state', '!=', 'removed')
        .where((eb) => eb.or([eb('namedAt', 'is', null), eb('namedAt', '<=', at)]))
        .returning('id')
        .executeTakeFirst();
      return changed !== undefined;
    },
    async prefer(personId, id, { at, by }) {
      const chosen = await db
        .updateTable('authenticators')
        .set({ preferred: 1 })
        .where('id', '=', id)
        .where('personId', '=', personId)
        .where('state', '=', 'active')
        .returning('id')
        .executeTakeFirst();
      if (chosen === undefined) return false;
      await db.updateTable('authenticators').set({ preferred: 0 }).where('personId', '=', personId).where('id', '!=', id).execute();
      await db.updateTable('people').set({ preferredAt: at, preferredBy: by }).where('id', '=', personId).execute();
      return true;
    },
    async use(id, { counter, backedUp, at, from }) {
      const used = await db
        .updateTable('authenticators')
        .set({ counter, backedUp: backedUp ? 1 : 0, lastUsedAt: at, lastUsedFrom: from })
        .where('id', '=', id)
        .where('state', '=', 'active')
        .where((eb) => (counter === 0 ? eb('counter', '=', 0) : eb('counter', '<', counter)))
        .returning('id')
        .executeTakeFirst();
      if (used !== undefined) return 'used';
      const row = await db.selectFrom('authenticators').select('state').where('id', '=', id).executeTakeFirst();
      return row?.state === 'active' ? 'regressed' : 'not-active';
    },
    async raiseCounterAlarm(id, at) {
      await db.updateTable('authenticators').set({ counterAlarmAt: at }).where('id', '=', id).execute();
    },
    async touch(id, at, from) {
      await db.updateTable('authenticators').set({ lastUsedAt: at, lastUsedFrom: from }).where('id', '=', id).execute();
    },
    async useActive(id, at, from) {
      return (await useActive(db, { id, at, from })) > 0;
    },
    async remove(id, at, wipe) {
      const removed = await db
        .updateTable('authenticators')
        .set({ state: 'removed', removedAt: at, removedWipe: wipe, preferred: 0 })
        .where('id', '=', id)
        .where('state', '!=', 'removed')
        .returning('id')
        .executeTakeFirst();
      return removed !== undefined;
    },
    async suspend(id, because) {
      const suspended = await db
        .updateTable('authenticators')
        .set({ state: 'suspended', suspendedBecause: because })
        .where('id', '=', id)
        .where('state', '=', 'active')
        .returning('id')
        .executeTakeFirst();
      return suspended !== undefined;
    },
    async handOver(from, to) {
      await db.updateTable('authenticators').set({ heldBy: to }).where('heldBy', '=', from).where('state', '!=', 'removed').execute();
    },
    async offerGeneration(id, next) {
      const offered = await db
        .updateTable('authenticators')
        .set({ nextGenerations: oneMore(next) })
        .where('id', '=', id)
        .where('state', '=', 'active')
        .returning('id')
        .executeTakeFirst();
      return offered !== undefined;
    },
    async takeGeneration(id, { from, to, at }) {
      const taken = await db
        .updateTable('authenticators')
        .set({ lastGeneration: from, generation: to, nextGenerations: null, generationAt: at })
        .where('id', '=', id)
        .where((eb) => (from === null ? eb('generation', 'is', null) : eb('generation', '=', from)))
        .where('state', '=', 'active')
        .returning('id')
        .executeTakeFirst();
      return taken !== undefined;
    },
    async lockWaysOf(personId) {
      if (!locking.rows) return;
      await db.selectFrom('people').select('id').where('id', '=', personId).forUpdate().execute();
    },
  };
}
