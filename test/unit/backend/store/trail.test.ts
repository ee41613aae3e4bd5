/** The audit trail in the store: one chain, whoever writes, and nothing but additions. */
import { beforeAll, expect, it } from 'vitest';
import { verifyChain } from '../../../../src/backend/domain/audit.ts';
import { newId } from '../../../../src/backend/domain/identifiers.ts';
import { ENTRY, NOW, onOpenStores } from '../../../support/open-stores.ts';

onOpenStores('the trail', (stores, dialect) => {
  const store = (index?: number) => stores().store(index);

  beforeAll(async () => {
    await stores().race(12, (tx) => tx.audit.append(ENTRY, NOW));
  }, 60_000);

  it('is one chain, whoever writes', async () => {
    const before = (await store().read.audit.list(1, 100_000)).length;
    await stores().race(60, (tx) => tx.audit.append({ ...ENTRY, subjectId: newId() }, NOW));
    await store().transaction(async (tx) => {
      await tx.audit.append(ENTRY, NOW);
      await tx.audit.append({ ...ENTRY, outcome: 'refused', reason: 'password.wrong' }, NOW);
    });
    const rows = await store().read.audit.list(1, 100_000);
    expect(rows.length).toBe(before + 62);
    expect(verifyChain(rows)).toMatchObject({ ok: true, rows: rows.length });
    expect(rows.at(-1)).toMatchObject({ ...ENTRY, outcome: 'refused', reason: 'password.wrong', sequence: rows.length });
    expect((await store().read.audit.list(2, 1))[0]?.sequence).toBe(2);
  });

  it('has no gap where some of many at once fail, before they end or with a row that cannot be written', async () => {
    const before = (await store().read.audit.list(1, 100_000)).length;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        store(index).transaction(async (tx) => {
          await tx.audit.append({ ...ENTRY, subjectId: `some:${index}` }, NOW);
          if (index % 3 === 1) throw new Error('no');
          if (index % 3 === 2) await tx.audit.append({ ...ENTRY, facts: { a: 1n as unknown as number } }, NOW);
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(20);
    const rows = await store().read.audit.list(1, 100_000);
    expect(rows.length).toBe(before + 20);
    expect(verifyChain(rows)).toMatchObject({ ok: true, rows: rows.length });
  });

  it('shows any change, any gap and any other order', async () => {
    const rows = [...(await store().read.audit.list(1, 100_000))];
    const at = 10;
    const row = rows[at - 1];
    if (row === undefined) throw new Error('too few rows');
    for (const changed of [{ reason: 'x' }, { at: 1 }, { facts: {} }, { source: null }, { actor: { kind: 'person' as const, id: 'x' } }]) {
      expect(verifyChain(rows.with(at - 1, { ...row, ...changed }))).toEqual({ ok: false, at });
    }
    expect(verifyChain(rows.toSpliced(at - 1, 1))).toEqual({ ok: false, at });
    expect(verifyChain([...rows.slice(0, at - 1), ...rows.slice(at, at + 1), row])).toEqual({ ok: false, at });
  });

  it('cannot be changed or cut by who can only speak SQL to the tables', async () => {
    for (const statement of [
      `update "audit" set "reason" = 'x' where "sequence" = 1`,
      `delete from "audit" where "sequence" = 1`,
      ...(dialect === 'postgres' ? ['truncate "audit"'] : []),
    ]) {
      await expect(stores().raw(statement)).rejects.toThrow(/append-only/);
    }
  });
});
