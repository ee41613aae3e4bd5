import type { Kysely } from 'kysely';
import type { ReportRecord } from '../../domain/model.ts';
import type { ReportStore } from '../../domain/stores.ts';
import type { Schema } from '../schema.ts';

export function reportsOn(db: Kysely<Schema>): ReportStore {
  return {
    async insert(report) {
      await db
        .insertInto('reports')
        .values({ ...report, facts: JSON.stringify(report.facts) })
        .execute();
    },
    async listOpen(limit) {
      const rows = await db.selectFrom('reports').selectAll().where('closedAt', 'is', null).orderBy('at').limit(limit).execute();
      return rows.map((row) => ({ ...row, facts: JSON.parse(row.facts) as ReportRecord['facts'] }));
    },
  };
}
