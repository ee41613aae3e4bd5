/** What the store promises (`domain/stores.ts`), on each dialect, against real databases. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newAuthenticator } from '../../../../src/backend/domain/authenticators/new-authenticator.ts';
import { newId, newSecret } from '../../../../src/backend/domain/identifiers.ts';
import {
  type AuthenticatorRecord,
  type CeremonyRecord,
  type ChallengeRecord,
  type SessionRecord,
  WITHOUT_NUMBER,
} from '../../../../src/backend/domain/model.ts';
import { newPerson } from '../../../../src/backend/domain/people/add-person.ts';
import type { Store, Transaction } from '../../../../src/backend/domain/stores.ts';
import { openPostgres } from '../../../../src/backend/store/postgres/open-postgres.ts';
import { SQLITE_FILE } from '../../../../src/backend/store/sqlite/open-sqlite.ts';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import { DIALECTS } from '../../../support/each-store.ts';
import { ENTRY, type OpenStores, openStores } from '../../../support/open-stores.ts';

// Both cores may be busy with other suites.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const NOW = 1_800_000_000_000;
/** Nothing is forgotten, nobody waits for more than an hour. */
const LIMIT = { forgetEvery: null, longestWait: 3_600_000 };

describe.each(DIALECTS)('the store on %s', (dialect) => {
  let opened: OpenStores;
  const store = (index?: number): Store => opened.store(index);
  const race: OpenStores['race'] = (count, work) => opened.race(count, work);

  beforeAll(async () => {
    opened = await openStores(dialect);
  }, 60_000);
  afterAll(() => opened.close());

  const addPerson = async () => {
    const person = newPerson({ username: newId(), displayName: 'Somebody', role: 'person', passwordHash: null, now: NOW });
    await store().transaction((tx) => tx.people.insert(person));
    return person;
  };
  const keyOf = (personId: string, more: Partial<AuthenticatorRecord> = {}): AuthenticatorRecord =>
    newAuthenticator(
      { personId, kind: 'security-key', name: 'Key', addedAt: NOW, addedFrom: '::1' },
      {
        credentialId: newSecret(),
        publicKey: 'oA',
        transports: ['usb', 'nfc'],
        attestation: 'none',
        backupEligible: true,
        ...more,
      },
    );
  const sessionOf = (personId: string, more: Partial<SessionRecord> = {}): SessionRecord => ({
    id: newId(),
    tokenHash: newSecret(),
    personId,
    state: 'password',
    challengeId: null,
    createdAt: NOW,
    seenAt: NOW,
    secondStepAt: null,
    authenticatorId: null,
    source: '::1',
    ...more,
  });
  it('gives back what it was given', async () => {
    const person = await addPerson();
    expect(await store().read.people.byId(person.id)).toEqual(person);
    expect(await store().read.people.byUsernameKey(person.usernameKey)).toEqual(person);
    const desktop = keyOf(person.id, {
      kind: 'desktop',
      credentialId: null,
      publicKey: null,
      deviceKey: { x: 'x', y: 'y' },
      platform: 'linux',
      addedAt: NOW + 1,
    });
    const key = keyOf(person.id, { counter: 4_294_967_295 });
    await store().transaction(async (tx) => {
      await tx.authenticators.insert(key);
      await tx.authenticators.insert(desktop);
    });
    expect(await store().read.authenticators.listOf(person.id)).toEqual([key, desktop]);
    expect(await store().read.authenticators.byCredentialId(key.credentialId ?? '')).toEqual(key);
    const session = sessionOf(person.id);
    await store().transaction((tx) => tx.sessions.insert(session));
    expect(await store().read.sessions.byTokenHash(session.tokenHash)).toEqual(session);
  });

  it('ends the sessions that were shown with an authenticator, and those that are over', async () => {
    const [person, other] = [await addPerson(), await addPerson()];
    const [key, second] = [keyOf(person.id), keyOf(person.id)];
    const shown = { state: 'full', authenticatorId: key.id } as const;
    const sessions = {
      shown: sessionOf(person.id, shown),
      kept: sessionOf(person.id, shown),
      otherwise: sessionOf(person.id, { ...shown, authenticatorId: second.id }),
      open: sessionOf(person.id),
      unused: sessionOf(other.id, { seenAt: NOW - 11 }),
      old: sessionOf(other.id, { createdAt: NOW - 101 }),
      young: sessionOf(other.id, { createdAt: NOW - 100, seenAt: NOW - 10 }),
    };
    const left = async (): Promise<string[]> => {
      const found = await Promise.all(
        Object.entries(sessions).map(async ([name, { tokenHash }]) => ((await store().read.sessions.byTokenHash(tokenHash)) ? [name] : [])),
      );
      return found.flat();
    };
    await store().transaction(async (tx) => {
      for (const one of [key, second]) await tx.authenticators.insert(one);
      for (const one of Object.values(sessions)) await tx.sessions.insert(one);
    });
    expect(await store().transaction((tx) => tx.sessions.removeShownWith(key.id, sessions.kept.id))).toBe(1);
    expect(await left()).toEqual(['kept', 'otherwise', 'open', 'unused', 'old', 'young']);
    const over = { seenBefore: NOW - 10, createdBefore: NOW - 100 };
    expect(await store().transaction((tx) => tx.sessions.removeOlderThan(over))).toBe(2);
    expect(await left()).toEqual(['kept', 'otherwise', 'open', 'young']);
  });

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
    const person = await addPerson();
    const version = async () => (await store().read.people.byId(person.id))?.version ?? Number.NaN;
    const before = await version();
    await store().transaction(async (tx) => {
      await tx.people.bumpOpen(person.id);
      expect(await version()).toBe(before);
    });
    expect(await version()).toBe(before + 1);
  });

  it('keeps nothing of what fails, however long that takes and whoever reads meanwhile', async () => {
    const person = await addPerson();
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

  it('uses up a ceremony once, before its end', async () => {
    const person = await addPerson();
    const ceremony = (): CeremonyRecord => ({
      id: newId(),
      question: newSecret(),
      purpose: 'sign-in',
      personId: person.id,
      sessionId: newId(),
      deviceId: null,
      challengeId: null,
      userVerification: 'preferred',
      createdAt: NOW,
      expiresAt: NOW + 1_000,
      consumedAt: null,
    });
    const one = ceremony();
    await store().transaction((tx) => tx.ceremonies.insert(one));
    expect((await race(50, (tx) => tx.ceremonies.consume(one.id, NOW))).filter(Boolean)).toHaveLength(1);
    const late = ceremony();
    await store().transaction((tx) => tx.ceremonies.insert(late));
    expect(await store().transaction((tx) => tx.ceremonies.consume(late.id, NOW + 1_000))).toBe(false);
    const next = { ...ceremony(), sessionId: late.sessionId };
    await store().transaction((tx) => tx.ceremonies.insert(next));
    expect((await store().read.ceremonies.byId(late.id))?.consumedAt).toBe(NOW);
    expect(await store().transaction((tx) => tx.ceremonies.removeExpired(NOW + 2_000))).toBe(3);
  });

  it('moves a counter forward only', async () => {
    const person = await addPerson();
    const key = keyOf(person.id, { counter: 5 });
    await store().transaction((tx) => tx.authenticators.insert(key));
    const use = (counter: number) => (tx: Transaction) => tx.authenticators.use(key.id, { counter, backedUp: true, at: NOW, from: 'x' });
    for (const counter of [0, 4, 5]) expect(await store().transaction(use(counter))).toBe('regressed');
    expect(await store().transaction(use(6))).toBe('used');
    const outcomes = await race(40, use(7));
    expect(outcomes.filter((one) => one === 'used')).toHaveLength(1);
    expect(await store().read.authenticators.byId(key.id)).toMatchObject({
      counter: 7,
      backedUp: true,
      lastUsedAt: NOW,
      lastUsedFrom: 'x',
    });
    await store().transaction((tx) => tx.authenticators.suspend(key.id, 'desk'));
    expect(await store().transaction(use(8))).toBe('not-active');
    expect(await store().transaction((tx) => tx.authenticators.use(newId(), { counter: 1, backedUp: false, at: NOW, from: 'x' }))).toBe(
      'not-active',
    );
    const countless = keyOf(person.id);
    await store().transaction((tx) => tx.authenticators.insert(countless));
    const useCountless = (tx: Transaction) => tx.authenticators.use(countless.id, { counter: 0, backedUp: false, at: NOW, from: 'x' });
    expect(await race(5, useCountless)).toEqual(Array.from({ length: 5 }, () => 'used'));
  });

  it('enrolls a credential id once, for ever', async () => {
    const [one, two] = [await addPerson(), await addPerson()];
    const key = keyOf(one.id);
    const inserted = await race(20, (tx) => tx.authenticators.insert({ ...key, id: newId() }));
    expect(inserted.filter(Boolean)).toHaveLength(1);
    const [record] = await store().read.authenticators.listOf(one.id);
    expect(await store().transaction((tx) => tx.authenticators.remove(record?.id ?? '', NOW, 'doorstep'))).toBe(true);
    expect(await store().transaction((tx) => tx.authenticators.remove(record?.id ?? '', NOW, 'doorstep'))).toBe(false);
    expect(await store().read.authenticators.listOf(one.id)).toEqual([]);
    expect(await store().transaction((tx) => tx.authenticators.insert({ ...key, id: newId(), personId: two.id }))).toBe(false);
  });

  it('has one first choice a person', async () => {
    const person = await addPerson();
    const keys = [keyOf(person.id), keyOf(person.id), keyOf(person.id)];
    await store().transaction(async (tx) => {
      for (const key of keys) await tx.authenticators.insert(key);
    });
    for (const { id } of keys) await store().transaction((tx) => tx.authenticators.prefer(person.id, id, { at: NOW, by: null }));
    const preferred = (await store().read.authenticators.listOf(person.id)).filter((one) => one.preferred);
    expect(preferred.map(({ id }) => id)).toEqual([keys[2]?.id]);
    expect(await store().transaction((tx) => tx.authenticators.prefer(newId(), keys[0]?.id ?? '', { at: NOW, by: null }))).toBe(false);
  });

  describe('requests', () => {
    const serviceId = newId();
    const challengeOf = (personId: string | null): ChallengeRecord => ({
      ...WITHOUT_NUMBER,
      id: newId(),
      serviceId,
      personId,
      place: null,
      returnTo: null,
      userVerification: 'preferred',
      state: 'pending',
      createdAt: NOW,
      expiresAt: NOW + 600_000,
      endedAt: null,
      result: null,
    });
    const result = { authenticatorId: 'x', amr: ['hwk'], assurance: 'other-device' as const, userVerified: true, returnCodeHash: null };

    beforeAll(() =>
      store().transaction((tx) =>
        tx.services.insert({
          id: serviceId,
          name: 'VPN',
          keyHash: newSecret(),
          returnAddresses: ['https://a.example/x'],
          disabledAt: null,
          createdAt: NOW,
        }),
      ),
    );

    it('wait one a person', async () => {
      const person = await addPerson();
      const inserted = await race(20, (tx) => tx.challenges.insert(challengeOf(person.id)));
      expect(inserted.filter(Boolean)).toHaveLength(1);
      expect(await race(5, (tx) => tx.challenges.insert(challengeOf(null)))).toEqual([true, true, true, true, true]);
      expect(await store().read.challenges.pendingOf(person.id, NOW)).toHaveLength(1);
      expect(await store().read.challenges.pendingOf(person.id, NOW + 600_000)).toHaveLength(0);
    });

    it('end once', async () => {
      const person = await addPerson();
      const challenge = challengeOf(person.id);
      await store().transaction((tx) => tx.challenges.insert(challenge));
      const states = ['approved', 'denied', 'canceled'] as const;
      let turn = 0;
      const ended = await race(45, (tx) => {
        const state = states[turn % 3] ?? 'denied';
        turn += 1;
        return tx.challenges.end(challenge.id, state === 'approved' ? { state, at: NOW, personId: person.id, result } : { state, at: NOW });
      });
      expect(ended.filter(Boolean)).toHaveLength(1);
      expect((await store().read.challenges.lastEndings(person.id, NOW - 1)).length).toBe(1);
    });

    it('are answered by the person they name, or by whoever signs in where they name nobody', async () => {
      const [one, two] = [await addPerson(), await addPerson()];
      const [named, open] = [challengeOf(one.id), challengeOf(null)];
      await store().transaction(async (tx) => {
        await tx.challenges.insert(named);
        await tx.challenges.insert(open);
      });
      const approve = (id: string, personId: string) =>
        store().transaction((tx) => tx.challenges.end(id, { state: 'approved', at: NOW, personId, result }));
      expect(await approve(named.id, two.id)).toBe(false);
      expect(await approve(named.id, one.id)).toBe(true);
      expect(await approve(open.id, two.id)).toBe(true);
      expect(await store().read.challenges.byId(open.id)).toMatchObject({ state: 'approved', personId: two.id, result });
    });

    it('run out once, for one of those who look', async () => {
      const person = await addPerson();
      const challenge = challengeOf(person.id);
      await store().transaction((tx) => tx.challenges.insert(challenge));
      expect(await store().transaction((tx) => tx.challenges.end(challenge.id, { state: 'denied', at: NOW + 600_000 }))).toBe(false);
      const expired = await race(10, (tx) => tx.challenges.expire(NOW + 600_000, { personId: person.id }));
      expect(expired.flat().map(({ id }) => id)).toEqual([challenge.id]);
    });
  });

  it('uses a pairing code once', async () => {
    const person = await addPerson();
    const codeHash = newSecret();
    await store().transaction((tx) =>
      tx.pairing.insert({ id: newId(), codeHash, personId: person.id, createdAt: NOW, expiresAt: NOW + 1_000, usedAt: null }),
    );
    expect(await store().transaction((tx) => tx.pairing.use(codeHash, NOW + 1_000))).toBeNull();
    const used = await race(20, (tx) => tx.pairing.use(codeHash, NOW));
    expect(used.filter((one) => one !== null)).toHaveLength(1);
  });

  it('remembers a nonce until its time is over', async () => {
    const nonce = newId();
    expect((await race(30, (tx) => tx.replays.remember(nonce, NOW + 1_000))).filter(Boolean)).toHaveLength(1);
    await store().transaction((tx) => tx.replays.removeExpired(NOW + 1_000));
    expect(await store().transaction((tx) => tx.replays.remember(nonce, NOW))).toBe(false);
    await store().transaction((tx) => tx.replays.removeExpired(NOW + 2_000));
    expect(await store().transaction((tx) => tx.replays.remember(nonce, NOW))).toBe(true);
  });

  it('counts tries, each with a number of its own, and not while they are blocked', async () => {
    const key = newId();
    const counted = await race(30, (tx) => tx.attempts.count(key, NOW, LIMIT));
    expect(counted.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    await store().transaction((tx) => tx.attempts.block(key, NOW + 10));
    expect(await store().transaction((tx) => tx.attempts.count(key, NOW, LIMIT))).toBeNull();
    expect(await store().transaction((tx) => tx.attempts.count(key, NOW + 10, LIMIT))).toBe(31);
    await store().transaction((tx) => tx.attempts.block(key, NOW + LIMIT.longestWait + 1));
    // No wait is that long: the clock was ahead when it was written.
    expect(await store().transaction((tx) => tx.attempts.count(key, NOW, LIMIT))).toBe(32);
    await store().transaction((tx) => tx.attempts.forgive(key));
    await store().transaction((tx) => tx.attempts.forgive(key));
    expect((await store().read.attempts.byKey(key))?.failures).toBe(30);
    await store().transaction((tx) => tx.attempts.clear(key));
    expect(await store().read.attempts.byKey(key)).toBeNull();
  });

  it('counts a try also while another one clears the count', async () => {
    const key = newId();
    const counted = await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        store(index).transaction(async (tx) => {
          if (index % 3 === 0) await tx.attempts.clear(key);
          return tx.attempts.count(key, NOW, LIMIT);
        }),
      ),
    );
    expect(counted.every((count) => count !== null && count >= 1)).toBe(true);
  });

  it('forgets tries one by one where it is told to, and keeps the time that is left over', async () => {
    const key = newId();
    const count = (at: number) => store().transaction((tx) => tx.attempts.count(key, NOW + at, { ...LIMIT, forgetEvery: 100 }));
    for (const expected of [1, 2, 3, 4]) expect(await count(0)).toBe(expected);
    expect(await count(150)).toBe(4);
    expect(await count(199)).toBe(5);
    expect(await count(200)).toBe(5);
    expect(await count(100_000)).toBe(1);
    expect(await count(0)).toBe(2);
  });

  it('tells those who wait, in both processes, once it is durable', async () => {
    const person = await addPerson();
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
      expect(statSync(opened.folder).mode & 0o777).toBe(0o700);
      expect(statSync(join(opened.folder, SQLITE_FILE)).mode & 0o777).toBe(0o600);
    });
  }

  if (dialect === 'postgres') {
    it('comes back after a break, and hears what it missed', async () => {
      const person = await addPerson();
      let heard = 0;
      const unsubscribe = store(1).subscribe(`person:${person.id}`, () => {
        heard += 1;
      });
      await opened.disconnectAll();
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
