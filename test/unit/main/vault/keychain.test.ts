import { expect, test } from 'vitest';
import { type KeychainChild, openSystemKeychain } from '../../../../src/main/vault/keychain.ts';
import {
  type KeychainAnswer,
  type KeychainCall,
  type KeychainLibrary,
  readFault,
  serveKeychain,
} from '../../../../src/main/vault/keychain-process.ts';

/** The two ends joined by messages as Electron joins them, with a library that keeps its entries in `entries`. */
function joined(entries: Map<string, string>, fail: () => string | null = () => null, idle?: number) {
  const children: { killed: boolean; exit(): void }[] = [];
  const start = (): KeychainChild => {
    let answer: (answer: KeychainAnswer) => void = () => undefined;
    let hear: (call: KeychainCall) => void = () => undefined;
    let exit: () => void = () => undefined;
    const guard = <T>(value: T): Promise<T> => {
      const reason = fail();
      return reason === null ? Promise.resolve(value) : Promise.reject(new Error(reason));
    };
    const library: KeychainLibrary = {
      getPassword: (service, account) => guard(entries.get(`${service}/${account}`) ?? null),
      setPassword: (service, account, password) => guard(void entries.set(`${service}/${account}`, password)),
      deletePassword: (service, account) => guard(entries.delete(`${service}/${account}`)),
      findCredentials: (service) =>
        guard(
          [...entries]
            .filter(([name]) => name.startsWith(`${service}/`))
            .map(([name, password]) => ({ account: name.slice(service.length + 1), password })),
        ),
    };
    serveKeychain({ post: (said) => queueMicrotask(() => answer(said)), onCall: (listener) => (hear = listener) }, async () => library);
    const child = { killed: false, exit: () => exit() };
    children.push(child);
    return {
      post: (call) => queueMicrotask(() => hear(structuredClone(call))),
      onAnswer: (listener) => (answer = listener),
      onExit: (listener) => (exit = listener),
      kill: () => (child.killed = true),
    };
  };
  return { keychain: openSystemKeychain(start, idle), children };
}

test('entries go through the process and come back; one process serves many calls', async () => {
  const entries = new Map<string, string>();
  const { keychain, children } = joined(entries);
  await keychain.set('one/device', 's');
  expect(entries).toEqual(new Map([['Doorstep/one/device', 's']]));
  expect(await keychain.get('one/device')).toBe('s');
  await keychain.remove('one/device');
  expect(await keychain.get('one/device')).toBeNull();
  expect(children).toHaveLength(1);
});

test('a process that nobody asks anything is ended, and the next call starts another', async () => {
  const { keychain, children } = joined(new Map([['Doorstep/one/device', 's']]), () => null, 20);
  expect(await keychain.get('one/device')).toBe('s');
  await expect.poll(() => children[0]?.killed).toBe(true);
  expect(await keychain.get('one/device')).toBe('s');
  expect(children).toHaveLength(2);
  // Asked again and again, it stays.
  for (let call = 0; call < 10; call += 1) {
    await keychain.get('one/device');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(children).toHaveLength(2);
});

test("a list has the entries whose accounts begin as asked, and no other installation's", async () => {
  const { keychain } = joined(
    new Map([
      ['Doorstep/one/seed/a', '1'],
      ['Doorstep/one/device', '2'],
      ['Doorstep/two/seed/b', '3'],
    ]),
  );
  expect(await keychain.list('one/seed/')).toEqual([{ account: 'one/seed/a', secret: '1' }]);
});

test('a failure that may come from a dead conversation: the call is made once more, in a new process', async () => {
  const reasons = ['The session wrapping the secret does not exist'];
  const entries = new Map<string, string>();
  const { keychain, children } = joined(entries, () => reasons.shift() ?? null);
  await keychain.set('a', 's');
  expect(entries).toEqual(new Map([['Doorstep/a', 's']]));
  expect(children.map((child) => child.killed)).toEqual([true, false]);
});

test('a failure that stays is told after the second try, and the next call has a new process too', async () => {
  let reason: string | null = 'Message recipient disconnected from message bus without replying';
  const { keychain, children } = joined(new Map(), () => reason);
  await expect(keychain.get('a')).rejects.toMatchObject({ fault: 'failed' });
  expect(children.map((child) => child.killed)).toEqual([true, true]);
  reason = null;
  expect(await keychain.get('a')).toBeNull();
  expect(children).toHaveLength(3);
});

test('what the second try finds is what is told: nobody owns the name any more, or it is locked', async () => {
  for (const [second, fault] of [
    ['The name org.freedesktop.secrets was not provided by any .service files', 'absent'],
    ['Cannot create an item in a locked collection', 'refused'],
  ] as const) {
    const reasons = ['Message recipient disconnected from message bus without replying', second];
    const { keychain } = joined(new Map(), () => reasons.shift() ?? null);
    await expect(keychain.set('a', 's')).rejects.toMatchObject({ fault });
  }
});

test('a refusal is an answer: the process that gave it stays', async () => {
  const { keychain, children } = joined(new Map(), () => 'Cannot create an item in a locked collection');
  await expect(keychain.set('a', 's')).rejects.toMatchObject({ fault: 'refused' });
  await expect(keychain.set('a', 's')).rejects.toMatchObject({ fault: 'refused' });
  expect(children.map((child) => child.killed)).toEqual([false]);
});

test('a process that ends in the middle: each of its calls is made once more, in the next', async () => {
  const { keychain, children } = joined(new Map([['Doorstep/b', 's']]));
  const calls = [keychain.get('a'), keychain.get('b')];
  children[0]?.exit();
  expect(await Promise.all(calls)).toEqual([null, 's']);
  expect(children).toHaveLength(2);
});

test('processes that end again and again have failed', async () => {
  const { keychain, children } = joined(new Map(), () => {
    children.at(-1)?.exit();
    return null;
  });
  await expect(keychain.get('a')).rejects.toMatchObject({ fault: 'failed' });
  expect(children).toHaveLength(2);
});

test('what is under way when the app ends is not begun again', async () => {
  const { keychain, children } = joined(new Map());
  const call = keychain.get('a');
  keychain.stop();
  await expect(call).rejects.toMatchObject({ fault: 'failed' });
  expect(children).toHaveLength(1);
});

test.each([
  ['The name org.freedesktop.secrets was not provided by any .service files', 'absent'],
  ['Cannot autolaunch D-Bus without X11 $DISPLAY', 'absent'],
  ['Cannot create an item in a locked collection', 'refused'],
  ['libsecret-1.so.0: cannot open shared object file', 'absent'],
  ['The session wrapping the secret does not exist', 'failed'],
  ['User canceled the operation. The prompt was dismissed', 'refused'],
  ['Message recipient disconnected from message bus without replying', 'failed'],
  ['', 'failed'],
])('the library says %j', (message, fault) => {
  expect(readFault(message)).toBe(fault);
});
