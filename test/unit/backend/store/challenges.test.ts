/** Requests in the store, on each dialect: one waits, and it ends once. */
import { beforeAll, expect, it } from 'vitest';
import { newId, newSecret } from '../../../../src/backend/domain/identifiers.ts';
import { type ChallengeRecord, WITHOUT_NUMBER } from '../../../../src/backend/domain/model.ts';
import { NOW, onOpenStores } from '../../../support/open-stores.ts';
import { serviceRecord } from '../../../support/records.ts';

onOpenStores('requests', (stores) => {
  const store = (index?: number) => stores().store(index);
  const service = serviceRecord({ name: 'VPN', key: newSecret(), at: NOW });
  const challengeOf = (personId: string | null): ChallengeRecord => ({
    ...WITHOUT_NUMBER,
    id: newId(),
    serviceId: service.id,
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

  beforeAll(() => store().transaction((tx) => tx.services.insert(service)));

  it('wait one a person', async () => {
    const person = await stores().addPerson();
    const inserted = await stores().race(20, (tx) => tx.challenges.insert(challengeOf(person.id)));
    expect(inserted.filter(Boolean)).toHaveLength(1);
    expect(await stores().race(5, (tx) => tx.challenges.insert(challengeOf(null)))).toEqual([true, true, true, true, true]);
    expect(await store().read.challenges.pendingOf(person.id, NOW)).toHaveLength(1);
    expect(await store().read.challenges.pendingOf(person.id, NOW + 600_000)).toHaveLength(0);
  });

  it('end once', async () => {
    const person = await stores().addPerson();
    const challenge = challengeOf(person.id);
    await store().transaction((tx) => tx.challenges.insert(challenge));
    const states = ['approved', 'denied', 'canceled'] as const;
    let turn = 0;
    const ended = await stores().race(45, (tx) => {
      const state = states[turn % 3] ?? 'denied';
      turn += 1;
      return tx.challenges.end(challenge.id, state === 'approved' ? { state, at: NOW, personId: person.id, result } : { state, at: NOW });
    });
    expect(ended.filter(Boolean)).toHaveLength(1);
    expect((await store().read.challenges.lastEndings(person.id, NOW - 1)).length).toBe(1);
  });

  it('are answered by the person they name, or by whoever signs in where they name nobody', async () => {
    const [one, two] = [await stores().addPerson(), await stores().addPerson()];
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
    const person = await stores().addPerson();
    const challenge = challengeOf(person.id);
    await store().transaction((tx) => tx.challenges.insert(challenge));
    expect(await store().transaction((tx) => tx.challenges.end(challenge.id, { state: 'denied', at: NOW + 600_000 }))).toBe(false);
    const expired = await stores().race(10, (tx) => tx.challenges.expire(NOW + 600_000, { personId: person.id }));
    expect(expired.flat().map(({ id }) => id)).toEqual([challenge.id]);
  });
});
