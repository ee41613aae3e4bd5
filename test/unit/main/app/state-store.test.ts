import { expect, test } from 'vitest';
import { createStateStore, firstState } from '../../../../src/main/app/state-store.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the state is replaced whole, and a burst of changes is told once', async () => {
  const store = createStateStore(firstState('1.0.0', 'https://id.example', false));
  const before = store.get();
  const heard: unknown[] = [];
  const stop = store.subscribe((state) => heard.push(state));
  store.change({ connection: 'offline' });
  store.change({ keychain: 'ready' });
  await turn();
  expect(heard).toEqual([{ ...before, connection: 'offline', keychain: 'ready' }]);
  expect(before.connection).toBe('connecting');
  stop();
  store.change({ connection: 'online' });
  await turn();
  expect(heard).toHaveLength(1);
});

test('a listener that changes the state is told of its own change afterwards', async () => {
  const store = createStateStore(firstState('1.0.0', 'https://id.example', false));
  const heard: string[] = [];
  store.subscribe((state) => {
    heard.push(state.connection);
    if (state.connection === 'offline') store.change({ connection: 'online' });
  });
  store.change({ connection: 'offline' });
  await turn();
  await turn();
  expect(heard).toEqual(['offline', 'online']);
});

test('what is told early is not told again', async () => {
  const store = createStateStore(firstState('1.0.0', 'https://id.example', false));
  const heard: string[] = [];
  store.subscribe((state) => heard.push(state.connection));
  store.change({ connection: 'offline' });
  store.flush();
  expect(heard).toEqual(['offline']);
  store.flush();
  await turn();
  expect(heard).toEqual(['offline']);
});
