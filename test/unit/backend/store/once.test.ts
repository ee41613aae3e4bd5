/** What works once, and how often anything may be tried, in the store, on each dialect. */
import { expect, it } from 'vitest';
import { newId, newSecret } from '../../../../src/backend/domain/identifiers.ts';
import type { CeremonyRecord } from '../../../../src/backend/domain/model.ts';
import { NOW, onOpenStores } from '../../../support/open-stores.ts';

/** Nothing is forgotten, nobody waits for more than an hour. */
const LIMIT = { forgetEvery: null, longestWait: 3_600_000 };

onOpenStores('the store', (stores) => {
  const store = (index?: number) => stores().store(index);

  it('uses up a ceremony once, before its end', async () => {
    const person = await stores().addPerson();
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
    expect((await stores().race(50, (tx) => tx.ceremonies.consume(one.id, NOW))).filter(Boolean)).toHaveLength(1);
    const late = ceremony();
    await store().transaction((tx) => tx.ceremonies.insert(late));
    expect(await store().transaction((tx) => tx.ceremonies.consume(late.id, NOW + 1_000))).toBe(false);
    const next = { ...ceremony(), sessionId: late.sessionId };
    await store().transaction((tx) => tx.ceremonies.insert(next));
    expect((await store().read.ceremonies.byId(late.id))?.consumedAt).toBe(NOW);
    expect(await store().transaction((tx) => tx.ceremonies.removeExpired(NOW + 2_000))).toBe(3);
  });

  it('uses a pairing code once', async () => {
    const person = await stores().addPerson();
    const codeHash = newSecret();
    await store().transaction((tx) =>
      tx.pairing.insert({ id: newId(), codeHash, personId: person.id, createdAt: NOW, expiresAt: NOW + 1_000, usedAt: null }),
    );
    expect(await store().transaction((tx) => tx.pairing.use(codeHash, NOW + 1_000))).toBeNull();
    const used = await stores().race(20, (tx) => tx.pairing.use(codeHash, NOW));
    expect(used.filter((one) => one !== null)).toHaveLength(1);
  });

  it('remembers a nonce until its time is over', async () => {
    const nonce = newId();
    expect((await stores().race(30, (tx) => tx.replays.remember(nonce, NOW + 1_000))).filter(Boolean)).toHaveLength(1);
    await store().transaction((tx) => tx.replays.removeExpired(NOW + 1_000));
    expect(await store().transaction((tx) => tx.replays.remember(nonce, NOW))).toBe(false);
    await store().transaction((tx) => tx.replays.removeExpired(NOW + 2_000));
    expect(await store().transaction((tx) => tx.replays.remember(nonce, NOW))).toBe(true);
  });

  it('counts tries, each with a number of its own, and not while they are blocked', async () => {
    const key = newId();
    const counted = await stores().race(30, (tx) => tx.attempts.count(key, NOW, LIMIT));
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
});
