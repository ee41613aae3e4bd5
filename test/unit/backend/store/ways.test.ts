/** People, their authenticators and their sessions in the store, on each dialect. */
import { expect, it } from 'vitest';
import { newAuthenticator } from '../../../../src/backend/domain/authenticators/new-authenticator.ts';
import { newId, newSecret } from '../../../../src/backend/domain/identifiers.ts';
import type { AuthenticatorRecord, SessionRecord } from '../../../../src/backend/domain/model.ts';
import type { Transaction } from '../../../../src/backend/domain/stores.ts';
import { NOW, onOpenStores } from '../../../support/open-stores.ts';
import { sessionRecord } from '../../../support/records.ts';

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
const sessionOf = (personId: string, more: Partial<SessionRecord> = {}) => sessionRecord({ personId, token: newSecret(), at: NOW }, more);

onOpenStores('people and their ways', (stores) => {
  const store = (index?: number) => stores().store(index);

  it('gives back what it was given', async () => {
    const person = await stores().addPerson();
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
    const [person, other] = [await stores().addPerson(), await stores().addPerson()];
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

  it('moves a counter forward only', async () => {
    const person = await stores().addPerson();
    const key = keyOf(person.id, { counter: 5 });
    await store().transaction((tx) => tx.authenticators.insert(key));
    const use = (counter: number) => (tx: Transaction) => tx.authenticators.use(key.id, { counter, backedUp: true, at: NOW, from: 'x' });
    for (const counter of [0, 4, 5]) expect(await store().transaction(use(counter))).toBe('regressed');
    expect(await store().transaction(use(6))).toBe('used');
    const outcomes = await stores().race(40, use(7));
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
    expect(await stores().race(5, useCountless)).toEqual(Array.from({ length: 5 }, () => 'used'));
  });

  it('enrolls a credential id once, for ever', async () => {
    const [one, two] = [await stores().addPerson(), await stores().addPerson()];
    const key = keyOf(one.id);
    const inserted = await stores().race(20, (tx) => tx.authenticators.insert({ ...key, id: newId() }));
    expect(inserted.filter(Boolean)).toHaveLength(1);
    const [record] = await store().read.authenticators.listOf(one.id);
    expect(await store().transaction((tx) => tx.authenticators.remove(record?.id ?? '', NOW, 'doorstep'))).toBe(true);
    expect(await store().transaction((tx) => tx.authenticators.remove(record?.id ?? '', NOW, 'doorstep'))).toBe(false);
    expect(await store().read.authenticators.listOf(one.id)).toEqual([]);
    expect(await store().transaction((tx) => tx.authenticators.insert({ ...key, id: newId(), personId: two.id }))).toBe(false);
  });

  it('has one first choice a person', async () => {
    const person = await stores().addPerson();
    const keys = [keyOf(person.id), keyOf(person.id), keyOf(person.id)];
    await store().transaction(async (tx) => {
      for (const key of keys) await tx.authenticators.insert(key);
    });
    for (const { id } of keys) await store().transaction((tx) => tx.authenticators.prefer(person.id, id, { at: NOW, by: null }));
    const preferred = (await store().read.authenticators.listOf(person.id)).filter((one) => one.preferred);
    expect(preferred.map(({ id }) => id)).toEqual([keys[2]?.id]);
    expect(await store().transaction((tx) => tx.authenticators.prefer(newId(), keys[0]?.id ?? '', { at: NOW, by: null }))).toBe(false);
  });
});
