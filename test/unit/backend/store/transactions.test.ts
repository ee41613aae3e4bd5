/** What the store promises of a transaction (`domain/stores.ts`), on each dialect, against real databases. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newId } from '../../../../src/backend/domain/identifiers.ts';
import { newPerson } from '../../../../src/backend/domain/people/add-person.ts';
import { openPostgres } from '../../../../src/backend/store/postgres/open-postgres.ts';
import { SQLITE_FILE } from '../../../../src/backend/store/sqlite/open-sqlite.ts';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import { ENTRY, NOW, onOpenStores } from '../../../support/open-stores.ts';

onOpenStores('the store', (stores, dialect) => {
  const store = (index?: number) => stores().store(index);

  it('keeps all of a transaction or nothing of it', async () => {
    const person = newPerson({ username: newId(), displayName: 'x', role: 'person', passwordHash: null, now: NOW });
    const rows = (await store().read.audit.list(1, 10_000)).length;
    const broken = store().transaction(async (tx) => {
      await tx.people.insert(person);
      await tx.audit.append(ENTRY, NOW);
      tx.announce(`person:${person.id}`);
      throw new DoorstepError('session.missing');
    });
    await expect(broken).rejects.toMatchObject({ code: 'session.missing' });
    expect(await store().read.people.byId(person.id)).toBeNull();
    expect((await store().read.audit.list(1, 10_000)).length).toBe(rows);
  });

  it('keeps the others where one of many at once fails', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        store(index).transaction(async (tx) => {
          await tx.facts.insert(`many:${index}`, 'x');
          if (index % 3 === 0) throw new Error('no');
          return index;
        }),
      ),
    );
    for (const [index, outcome] of outcomes.entries()) {
      expect(outcome.status).toBe(index % 3 === 0 ? 'rejected' : 'fulfilled');
      expect(await store().read.facts.get(`many:${index}`)).toBe(index % 3 === 0 ? null : 'x');
    }
  });

  it('lets nobody read what is not committed yet', async () => {
    const person = await stores().addPerson();
    const version = async () => (await store().read.people.byId(person.id))?.version ?? Number.NaN;
    const before = await version();
    await store().transaction(async (tx) => {
      await tx.people.bumpOpen(person.id);
      expect(await version()).toBe(before);
    });
    expect(await version()).toBe(before + 1);
  });

  it('keeps nothing of what fails, however long that takes and whoever reads meanwhile', async () => {
    const person = await stores().addPerson();
    const version = async () => (await store().read.people.byId(person.id))?.version ?? Number.NaN;
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const before = await version();
    await turn();
    const failing = store().transaction(async (tx) => {
      await tx.people.bumpOpen(person.id);
      for (let turns = 0; turns < 3; turns += 1) {
        await turn();
        expect(await version()).toBe(before);
      }
      throw new DoorstepError('session.missing');
    });
    const [failed, read] = await Promise.allSettled([failing, version()]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'session.missing' } });
    expect(read).toEqual({ status: 'fulfilled', value: before });
    expect(await version()).toBe(before);
  });

  it('tells those who wait, in both processes, once it is durable', async () => {
    const person = await stores().addPerson();
    const heard = [0, 0];
    const unsubscribe = [0, 1].map((index) =>
      store(index).subscribe(`person:${person.id}`, () => {
        heard[index] = (heard[index] ?? 0) + 1;
      }),
    );
    await store().transaction(async (tx) => {
      tx.announce(`person:${person.id}`);
      await tx.people.bumpVersion(person.id);
      expect(heard).toEqual([0, 0]);
    });
    await expect.poll(() => heard).toEqual([1, 1]);
    for (const stop of unsubscribe) stop();
    await store().transaction(async (tx) => tx.announce(`person:${person.id}`));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toEqual([1, 1]);
  });

  if (dialect === 'sqlite') {
    it('lets nobody else read its files', () => {
      expect(statSync(stores().folder).mode & 0o777).toBe(0o700);
      expect(statSync(join(stores().folder, SQLITE_FILE)).mode & 0o777).toBe(0o600);
    });
  }

  if (dialect === 'postgres') {
    it('comes back after a break, and hears what it missed', async () => {
      const person = await stores().addPerson();
      let heard = 0;
      const unsubscribe = store(1).subscribe(`person:${person.id}`, () => {
        heard += 1;
      });
      await stores().disconnectAll();
      await expect
        .poll(
          () =>
            store()
              .transaction((tx) => tx.people.bumpVersion(person.id))
              .catch(() => 0),
          { timeout: 10_000 },
        )
        .toBeGreaterThan(0);
      await expect.poll(() => heard, { timeout: 10_000 }).toBeGreaterThan(0);
      const before = heard;
      await store().transaction(async (tx) => tx.announce(`person:${person.id}`));
      await expect.poll(() => heard, { timeout: 10_000 }).toBeGreaterThan(before);
      unsubscribe();
    });
  }
});

describe('a store that cannot be reached', () => {
  it('says so', async () => {
    await expect(openPostgres('postgres://nobody@127.0.0.1:1/none', () => undefined)).rejects.toThrow();
  });
});
