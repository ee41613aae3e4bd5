/** Ways to break the store on purpose. A model that finds none of them proves nothing. */
import type { CodeRecord } from '../../src/backend/domain/codes/model.ts';
import type { Store, Tables, Transaction } from '../../src/backend/domain/stores.ts';

type Broken = { readonly [T in keyof Tables]?: (table: Tables[T], all: Tables) => Partial<Tables[T]> };

export const FAULTS = {
  'a request ends twice': {
    challenges: (table) => ({
      async end(id, ending) {
        await table.end(id, ending);
        return true;
      },
    }),
  },
  'an approval is redeemed twice': {
    challenges: (table) => ({
      redeem: async (id, by) => (await table.redeem(id, by)) ?? approvedOf(await table.byId(id), by.sessionId),
    }),
  },
  'an approval is redeemed by another session': {
    challenges: (table) => ({
      async redeem(id, by) {
        const sessionId = (await table.byId(id))?.sessionId ?? by.sessionId;
        return table.redeem(id, { ...by, sessionId });
      },
    }),
  },
  'an approval is good for ever': {
    challenges: (table) => ({ redeem: (id, by) => table.redeem(id, { ...by, approvedAfter: 0 }) }),
  },
  'wrong numbers are not counted': {
    challenges: (table) => ({
      async tryNumber(id, most, at) {
        const challenge = await table.tryNumber(id, most, at);
        return challenge === null ? null : { ...challenge, numberTries: 1 };
      },
    }),
  },
  'an old number stays good': {
    challenges: (table) => ({
      async renumber(id, personId, number, at) {
        const { numberHash = null } = (await table.byId(id)) ?? {};
        return table.renumber(id, personId, { ...number, numberHash: numberHash ?? number.numberHash }, at);
      },
    }),
  },
  'two requests wait at once': {
    challenges: (table) => ({ insert: async (challenge) => (await table.insert(challenge)) || true }),
  },
  'a signed request is good twice': { replays: () => ({ remember: async () => true }) },
  '"this wasn\'t me" is forgotten': { people: () => ({ stopApprovals: async () => undefined }) },
  'a removed desktop goes on': {
    authenticators: (table) => ({
      remove: async () => true,
      byId: (id) => table.byId(id),
    }),
  },
  'a generation that was left is good': { authenticators: () => ({ takeGeneration: async () => true }) },
  'a copied key is not shut out': { authenticators: () => ({ suspend: async () => true }) },
  'a denial leaves no record': {
    audit: (table) => ({ append: async (entry, at) => (entry.event === 'challenge.denied' ? undefined : table.append(entry, at)) }),
  },
  'an approval leaves two records': {
    audit: (table) => ({
      async append(entry, at) {
        await table.append(entry, at);
        if (entry.event === 'challenge.approved') await table.append(entry, at);
      },
    }),
  },
  'a code is good twice': {
    codes: (table) => ({
      accept: async (id, change) => (await table.accept(id, change)) || true,
      count: async (personId, at, longestWait) => (await table.count(personId, at, longestWait)).map(unburned),
      listOf: async (personId) => (await table.listOf(personId)).map(unburned),
    }),
  },
  'wrong codes are not counted': {
    codes: (table) => ({
      async miss(id, left) {
        await table.miss(id, left);
        await table.forgive([id], 1);
      },
    }),
  },
  'a spare code is good twice': {
    spareCodes: (table) => ({
      async use(id, hash, at) {
        if (await table.use(id, hash, at)) usedOnce.add(hash);
        return usedOnce.has(hash);
      },
    }),
  },
  'an old sheet stays good': {
    authenticators: (table) => ({
      remove: async (id, at, wipe) => (await table.byId(id))?.kind === 'recovery-codes' || table.remove(id, at, wipe),
    }),
    spareCodes: () => ({ removeAll: async () => undefined }),
  },
  'wrong spare codes are not counted': {
    attempts: (table) => ({
      count: async (key, at, limit) => (key.startsWith('spare-code:sheet:') ? 1 : table.count(key, at, limit)),
    }),
  },
  'a spare code leaves no record': {
    audit: (table) => ({ append: async (entry, at) => (entry.event === 'spare-code.used' ? undefined : table.append(entry, at)) }),
  },
  'a change is made twice': {
    deviceChanges: () => ({ byKey: async () => null, insert: async () => undefined }),
  },
  'a change is answered and not made': {
    deviceChanges: () => ({ byKey: async (deviceId, key) => ({ deviceId, key, outcome: 'done', code: null, at: 0 }) }),
  },
  'an older name wins': {
    authenticators: (table) => ({
      rename: async (id, name, { at, by }) => table.rename(id, name, { at: Math.max(at, (await table.byId(id))?.namedAt ?? 0), by }),
    }),
  },
  'a computer’s later name loses to its own': {
    authenticators: (table) => ({
      byId: async (id) => {
        const one = await table.byId(id);
        return one === null ? null : { ...one, namedBy: null };
      },
    }),
  },
  'a removed source of codes goes on': {
    authenticators: (table) => ({
      remove: async (id, at, wipe) => (await table.byId(id))?.codeForm !== null || table.remove(id, at, wipe),
    }),
    codes: () => ({ remove: async () => undefined }),
  },
  'a computer leaves its codes behind': {
    authenticators: (table) => ({
      listOf: async (personId) => (await table.listOf(personId)).map((one) => ({ ...one, heldBy: null })),
    }),
  },
  'the password alone is enough': {
    sessions: (table) => ({ insert: (session) => table.insert({ ...session, state: 'full' }) }),
  },
  'a closed account goes on': {
    people: (table) => ({
      async byId(id) {
        const person = await table.byId(id);
        return person === null ? null : { ...person, disabledAt: null };
      },
      bumpOpen: async (id) => (await table.bumpVersion(id)) > 0,
    }),
  },
  'a session outlives what it was shown with': { sessions: () => ({ removeShownWith: async () => 0 }) },
  'an enrollment is good for ever': {
    codeEnrollments: (table) => ({
      async byId(id) {
        const found = await table.byId(id);
        return found === null ? null : { ...found, expiresAt: Number.MAX_SAFE_INTEGER };
      },
      count: async () => true,
    }),
  },
  'an enrollment leaves no record': {
    audit: (table) => ({ append: async (entry, at) => (entry.event === 'authenticator.added' ? undefined : table.append(entry, at)) }),
  },
  'a counter moves back': {
    codes: (table) => ({ accept: (id, { position, drift }) => table.accept(id, { position: position - 1, drift }) }),
  },
} as const satisfies Record<string, Broken>;
export type Fault = keyof typeof FAULTS;

/** Spare codes that were good, by their hash. */
const usedOnce = new Set<string>();

type Challenge = Awaited<ReturnType<Tables['challenges']['byId']>>;

function approvedOf(challenge: Challenge, sessionId: string): Challenge {
  return challenge?.state === 'approved' && challenge.sessionId === sessionId ? challenge : null;
}

const unburned = (code: CodeRecord): CodeRecord => ({ ...code, lastPosition: code.kind === 'totp' ? code.lastPosition - 5 : -1 });

export function withFault(store: Store, fault: Fault): Store {
  const broken: Broken = FAULTS[fault];
  const breakTables = <T extends Tables>(tables: T): T => {
    const changed: Partial<Record<keyof Tables, unknown>> = {};
    for (const name of Object.keys(broken) as (keyof Tables)[]) {
      const change = broken[name] as ((table: unknown, all: Tables) => object) | undefined;
      if (change !== undefined) changed[name] = { ...tables[name], ...change(tables[name], tables) };
    }
    return { ...tables, ...changed };
  };
  return {
    ...store,
    read: breakTables(store.read),
    transaction: (work) => store.transaction((tx) => work(breakTables<Transaction>(tx))),
  };
}
