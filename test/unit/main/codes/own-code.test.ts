import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import type { AppState } from '../../../../src/contract/ipc.ts';
import { createLog } from '../../../../src/main/app/log.ts';
import { createStateStore, firstState, type StateStore } from '../../../../src/main/app/state-store.ts';
import { createOwnCodes, type OwnCodes } from '../../../../src/main/codes/own-code.ts';
import { encodeBase32 } from '../../../../src/oath/base32.ts';
import { buildOtpauth } from '../../../../src/oath/otpauth.ts';
import { totp } from '../../../../src/oath/totp.ts';
import { totpSeed, World } from './world.ts';

const MINUTE = 60_000;
let world: World;
let store: StateStore;
let own: OwnCodes;
/** Called as the backend begins an enrollment. */
let begin: () => void;
let finish: (body: { code: string; name: string }) => void;
let change: () => Promise<void>;
const changes: [string, string][] = [];
/** What the backend would list by now. */
let authenticators: { id: string; state: string }[];
const enrolled = { ...totpSeed({ issuer: 'Example Ltd', account: 'alice' }), period: 30 };
const calls: { route: string; id?: string; body?: unknown }[] = [];
const seedsAtFinish: number[] = [];

beforeEach(() => {
  world = new World();
  calls.length = 0;
  seedsAtFinish.length = 0;
  authenticators = [];
  begin = () => undefined;
  finish = () => undefined;
  change = async () => undefined;
  changes.length = 0;
  store = createStateStore(firstState('1', 'http://localhost', false));
  store.change({
    pairing: {
      state: 'paired',
      deviceId: 'd',
      person: { id: 'person-1', username: 'alice', displayName: 'Alice' },
      organization: { name: 'Example Ltd', origin: 'http://localhost', rpId: 'localhost' },
    },
  });
  start();
});
afterEach(() => world.remove());

function start(): void {
  own = createOwnCodes({
    codes: world.codes,
    store,
    log: createLog((line) => world.logged.push(line)),
    trueNow: () => world.now,
    sync: {
      refresh: async () => snapshot(),
      change: async (id, what) => {
        changes.push([id, what.kind]);
        await change();
      },
      call: async (call) => {
        calls.push(call as never);
        if (call.route === 'deviceCodeEnrollment') {
          begin();
          return {
            enrollmentId: enrollmentId(),
            kind: 'totp',
            form: { algorithm: 'SHA1', digits: 6, period: 30 },
            secret: encodeBase32(enrolled.key),
            link: buildOtpauth(enrolled),
            expiresAt: new Date(world.now + 10 * MINUTE).toISOString(),
          } as never;
        }
        seedsAtFinish.push([...world.entries.keys()].filter((name) => name.includes('/seed/')).length);
        finish(call.body as { code: string; name: string });
        authenticators.push({ id: enrollmentId(), state: 'active' });
        return { authenticator: { id: enrollmentId() } } as never;
      },
    },
  });
}

const enrollmentId = () => 'E'.repeat(22);

function snapshot(): void {
  world.now += 1;
  store.change({
    connection: 'online',
    checkedAt: new Date(world.now).toISOString(),
    authenticators: authenticators as unknown as AppState['authenticators'],
  });
  own.follow(store.get());
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 50));

describe('a code of the own account', () => {
  it('is in the keychain before it is proved, and shown after', async () => {
    const { id } = await own.enroll('My computer');
    expect(calls.map(({ route }) => route)).toEqual(['deviceCodeEnrollment', 'deviceFinishCodeEnrollment']);
    expect(calls[1]).toMatchObject({ id: enrollmentId(), body: { code: totp(enrolled.key, world.now, enrolled), name: 'My computer' } });
    expect(seedsAtFinish).toEqual([1]);
    await settled();
    expect(world.codes.list()).toMatchObject([
      { id, issuer: 'Example Ltd', account: 'alice', authenticatorId: enrollmentId(), state: 'ready' },
    ]);
  });

  it('leaves nothing where the backend refuses it', async () => {
    finish = () => {
      throw new DoorstepError('code.wrong');
    };
    await expect(own.enroll('x')).rejects.toMatchObject({ code: 'code.wrong' });
    expect(world.entries.size).toBe(0);
    expect(world.codes.entries()).toEqual([]);
  });

  it('is not begun to be proved while the keychain is away', async () => {
    world.mood = 'locked';
    await expect(own.enroll('x')).rejects.toMatchObject({ code: 'keychain.locked' });
    expect(seedsAtFinish).toEqual([]);
  });

  it('whose proof was not answered is what the next snapshot says', async () => {
    finish = () => {
      authenticators.push({ id: enrollmentId(), state: 'active' });
      throw new DoorstepError('backend.unreachable');
    };
    await expect(own.enroll('x')).rejects.toMatchObject({ code: 'backend.unreachable' });
    expect(world.codes.list()).toEqual([]);
    // Killed and started again meanwhile.
    world.start();
    start();
    await world.codes.load();
    snapshot();
    await settled();
    expect(world.codes.list()).toMatchObject([{ authenticatorId: enrollmentId() }]);
  });

  it.each(['backend.unreachable', 'store.unavailable', 'internal', 'ceremony.ended', 'device.request-replayed'] as const)(
    'whose proof got no word (%s) goes once its enrollment was ended, also after a start',
    async (code) => {
      for (const restart of [false, true]) {
        calls.length = 0;
        finish = () => {
          throw new DoorstepError(code);
        };
        await expect(own.enroll('x')).rejects.toMatchObject({ code });
        await settled();
        if (restart) {
          world.start();
          start();
          await world.codes.load();
        }
        snapshot();
        await settled();
        expect(calls.map(({ route }) => route).at(-1)).toBe('deviceCodeEnrollment');
        expect(world.codes.entries()).toEqual([]);
        expect(world.entries.size).toBe(0);
      }
    },
  );

  it('whose proof got no word stays, unseen, as long as its enrollment could not be ended', async () => {
    finish = () => {
      throw new DoorstepError('backend.unreachable');
    };
    await expect(own.enroll('x')).rejects.toMatchObject({ code: 'backend.unreachable' });
    begin = () => {
      throw new DoorstepError('backend.unreachable');
    };
    for (let lists = 0; lists < 3; lists += 1) {
      snapshot();
      await settled();
    }
    expect(world.codes.list()).toEqual([]);
    expect(world.entries.size).toBe(1);
    expect(calls).toHaveLength(2 + 3);
    // A backend that refuses is not asked with every list.
    begin = () => {
      throw new DoorstepError('authenticator.too-many');
    };
    for (let lists = 0; lists < 3; lists += 1) {
      snapshot();
      await settled();
    }
    expect(calls).toHaveLength(2 + 3 + 1);
    expect(world.entries.size).toBe(1);
  });

  it('whose proof is taken after a list that lacked it is kept and shown', async () => {
    finish = () => {
      throw new DoorstepError('backend.unreachable');
    };
    await expect(own.enroll('x')).rejects.toMatchObject({ code: 'backend.unreachable' });
    // The proof arrives at the last moment before the enrollment would be ended.
    begin = () => void authenticators.push({ id: enrollmentId(), state: 'active' });
    snapshot();
    await settled();
    expect(world.codes.list()).toMatchObject([{ authenticatorId: enrollmentId(), state: 'ready' }]);
  });

  it('whose proof was taken, though the backend says otherwise, is asked for and kept', async () => {
    finish = () => {
      authenticators.push({ id: enrollmentId(), state: 'active' });
      throw new DoorstepError('ceremony.ended');
    };
    const { id } = await own.enroll('x');
    expect(world.codes.list()).toMatchObject([{ id, authenticatorId: enrollmentId() }]);
  });

  it('goes when its authenticator was removed elsewhere; another person’s and other sites’ stay', async () => {
    await world.codes.add([{ seed: totpSeed({ issuer: 'Other site' }) }]);
    const [theirs] = await world.codes.add([{ seed: totpSeed(), owner: { person: 'person-2', authenticatorId: 'gone' } }]);
    await world.codes.prove(theirs!);
    await own.enroll('x');
    await settled();
    expect(world.codes.list()).toHaveLength(3);
    authenticators = [];
    store.change({ connection: 'offline' });
    own.follow(store.get());
    await settled();
    expect(world.codes.list()).toHaveLength(3);
    snapshot();
    await settled();
    expect(world.codes.list().map(({ authenticatorId }) => authenticatorId)).toEqual([null, 'gone']);
  });

  it('stays while its removal waits for the backend, which may refuse it', async () => {
    await own.enroll('x');
    await settled();
    const listed = authenticators;
    // Removed at this computer with no connection, and gone from the list there; then the connection is back.
    authenticators = [];
    store.change({ waitingChanges: 1 });
    snapshot();
    await settled();
    expect(world.codes.list()).toHaveLength(1);
    expect(world.entries.size).toBe(1);
    // It is the last way: the backend keeps it.
    authenticators = listed;
    store.change({ waitingChanges: 0 });
    snapshot();
    await settled();
    expect(world.codes.list()).toHaveLength(1);
    // And once more, allowed.
    authenticators = [];
    snapshot();
    await settled();
    expect(world.entries.size).toBe(0);
  });

  it('is removed together with the way that it is, and not before the backend has agreed', async () => {
    const { id } = await own.enroll('x');
    await settled();
    // The last way in: it stays, seed and all.
    change = () => Promise.reject(new DoorstepError('authenticator.last-way'));
    await expect(own.remove(id)).rejects.toMatchObject({ code: 'authenticator.last-way' });
    expect(world.codes.list()).toHaveLength(1);
    // With no connection it waits: off the list of ways, its seed still there, also for who asks again.
    change = async () => store.change({ waitingChanges: 1, authenticators: [] });
    expect(await own.remove(id)).toBe(true);
    expect(await own.remove(id)).toBe(true);
    expect(world.entries.size).toBe(1);
    expect(changes).toEqual([
      [enrollmentId(), 'remove'],
      [enrollmentId(), 'remove'],
    ]);
    authenticators = [];
    store.change({ waitingChanges: 0 });
    snapshot();
    await settled();
    expect(world.codes.entries()).toEqual([]);
    expect(world.entries.size).toBe(0);
  });

  it('that is no way of this account is nobody’s to ask for', async () => {
    const [other] = await world.codes.add([{ seed: totpSeed({ issuer: 'Other site' }) }]);
    const [theirs] = await world.codes.add([{ seed: totpSeed(), owner: { person: 'person-2', authenticatorId: 'gone' } }]);
    for (const id of [other!, theirs!]) expect(await own.remove(id)).toBe(false);
    const { id } = await own.enroll('x');
    store.change({ pairing: { state: 'none' } });
    expect(await own.remove(id)).toBe(false);
    expect(changes).toEqual([]);
  });

  it('that is suspended stays', async () => {
    await own.enroll('x');
    authenticators = [{ id: enrollmentId(), state: 'suspended' }];
    snapshot();
    await settled();
    expect(world.codes.list()).toHaveLength(1);
  });

  it('wants a pairing', async () => {
    store.change({ pairing: { state: 'none' } });
    await expect(own.enroll('x')).rejects.toMatchObject({ code: 'not-paired' });
  });
});
