import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FromTokenProcess, Prompt, TokenSummary, ToTokenProcess } from '../../../../src/contract/tokens.ts';
import { createLog } from '../../../../src/main/app/log.ts';
import { superviseTokens, type TokenChild } from '../../../../src/main/tokens/supervisor.ts';

/** A token process that does what the test says, one instance a start. */
class ScriptedChild implements TokenChild {
  readonly said: ToTokenProcess[] = [];
  killed = false;
  #message: (message: FromTokenProcess) => void = () => undefined;
  #exit: (code: number) => void = () => undefined;
  post(message: ToTokenProcess) {
    this.said.push(message);
  }
  onMessage(listener: (message: FromTokenProcess) => void) {
    this.#message = listener;
  }
  onExit(listener: (code: number) => void) {
    this.#exit = listener;
  }
  kill() {
    this.killed = true;
  }
  says(message: FromTokenProcess) {
    this.#message(message);
  }
  exits(code: number) {
    this.#exit(code);
  }
}

let children: ScriptedChild[] = [];
const faults: unknown[] = [];
const tokens: unknown[] = [];
const newest = () => children.at(-1) as ScriptedChild;
/** What the kernel tells: a token may be there, or is not. */
let tellPresence: (maybe: boolean) => void = () => undefined;

function supervise(maybeThere = true) {
  return superviseTokens({
    presence: (listener) => {
      tellPresence = listener;
      listener(maybeThere);
      return () => {
        tellPresence = () => undefined;
      };
    },
    start: () => {
      const child = new ScriptedChild();
      children.push(child);
      return child;
    },
    log: createLog(() => undefined),
    onTokens: (list) => tokens.push(list),
    onFault: (fault) => faults.push(fault),
  });
}
const asking = (signal = new AbortController().signal, onPrompt: (prompt: Prompt | null) => void = () => undefined) => ({
  signal,
  onPrompt,
});

beforeEach(() => {
  vi.useFakeTimers();
  children = [];
  faults.length = 0;
  tokens.length = 0;
});
afterEach(() => vi.useRealTimers());

test('a call is answered by its number, in whatever order', async () => {
  const supervisor = supervise();
  const first = supervisor.call('wink', { tokenId: 'a' }, asking());
  const second = supervisor.call('passkeys', { tokenId: 'b' }, asking());
  newest().says({ kind: 'done', id: 2, ok: true, value: [] });
  newest().says({ kind: 'done', id: 1, ok: false, code: 'token.gone', detail: {} });
  expect(await second).toEqual([]);
  await expect(first).rejects.toMatchObject({ code: 'token.gone' });
});

test('a prompt reaches the person, the answer the process, and the end closes it', async () => {
  const supervisor = supervise();
  const prompts: (Prompt | null)[] = [];
  const pin: Prompt = { kind: 'pin', tokenId: 'a', retries: 8, wrong: false, minLength: 4 };
  const call = supervisor.call(
    'changePin',
    { tokenId: 'a' },
    {
      signal: new AbortController().signal,
      onPrompt: (prompt, answer) => {
        prompts.push(prompt);
        if (prompt !== null) answer({ kind: 'pin', pin: '1234' });
      },
    },
  );
  newest().says({ kind: 'prompt', id: 1, prompt: pin });
  expect(newest().said.at(-1)).toEqual({ kind: 'answer', id: 1, answer: { kind: 'pin', pin: '1234' } });
  newest().says({ kind: 'done', id: 1, ok: true, value: null });
  await call;
  expect(prompts).toEqual([pin, null]);
});

test('a crash ends the calls in flight, empties the list, says so, and is followed by a new process', async () => {
  const supervisor = supervise();
  const call = supervisor.call('wink', { tokenId: 'a' }, asking());
  newest().exits(6);
  await expect(call).rejects.toMatchObject({ code: 'token.process-down' });
  expect(tokens).toEqual([[]]);
  expect(faults).toEqual([{ code: 'token.process-down', detail: { crashes: 1 } }]);
  await expect(supervisor.call('wink', { tokenId: 'a' }, asking())).rejects.toMatchObject({ code: 'token.process-down' });
  await vi.advanceTimersByTimeAsync(100);
  expect(children).toHaveLength(2);
  newest().says({ kind: 'ready' });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(faults.at(-1)).toBeNull();
});

test('a process that keeps crashing is started ever more slowly, at most every half minute', async () => {
  supervise();
  const waits: number[] = [];
  for (let crash = 0; crash < 12; crash += 1) {
    const before = children.length;
    newest().exits(6);
    let waited = 0;
    while (children.length === before) {
      await vi.advanceTimersByTimeAsync(100);
      waited += 100;
    }
    waits.push(waited);
  }
  expect(waits.slice(0, 4)).toEqual([100, 200, 400, 800]);
  expect(waits.at(-1)).toBe(30_000);
});

test('a message of a process that is gone answers nothing of its successor', async () => {
  const supervisor = supervise();
  const old = newest();
  old.exits(6);
  await vi.advanceTimersByTimeAsync(100);
  const call = supervisor.call('wink', { tokenId: 'a' }, asking());
  const ended = vi.fn();
  void call.then(ended, ended);
  old.says({ kind: 'done', id: 1, ok: true, value: null });
  await vi.advanceTimersByTimeAsync(0);
  expect(ended).not.toHaveBeenCalled();
  newest().says({ kind: 'done', id: 1, ok: true, value: null });
  await call;
});

test('a canceled call asks the process to stop, and is given up when it does not', async () => {
  const supervisor = supervise();
  const abort = new AbortController();
  const call = supervisor.call('reset', { tokenId: 'a' }, asking(abort.signal));
  const outcome = expect(call).rejects.toMatchObject({ code: 'token.canceled' });
  abort.abort();
  expect(newest().said.at(-1)).toEqual({ kind: 'cancel', id: 1 });
  await vi.advanceTimersByTimeAsync(10_000);
  await outcome;
});

test('stopping asks, waits a moment, then kills; no new process follows', async () => {
  const supervisor = supervise();
  const stopped = supervisor.stop();
  expect(newest().said).toEqual([{ kind: 'stop' }]);
  await vi.advanceTimersByTimeAsync(1_500);
  await stopped;
  expect(newest().killed).toBe(true);
  newest().exits(0);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(children).toHaveLength(1);
});

test('with no token about there is no process until one comes or something is asked', async () => {
  supervise(false);
  expect(children).toHaveLength(0);
  tellPresence(true);
  expect(children).toHaveLength(1);
  const other = supervise(false);
  const call = other.call('wink', { tokenId: 'a' }, asking());
  expect(children).toHaveLength(2);
  expect(newest().said).toEqual([{ kind: 'call', id: 1, call: 'wink', request: { tokenId: 'a' } }]);
  newest().says({ kind: 'done', id: 1, ok: true, value: null });
  await call;
});

test('a process with no token and nothing to do is ended, without a fault; the next call has a new one at once', async () => {
  const supervisor = supervise();
  newest().says({ kind: 'ready' });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(newest().said).toEqual([]);
  tellPresence(false);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(newest().said).toEqual([{ kind: 'stop' }]);
  const old = newest();
  const call = supervisor.call('wink', { tokenId: 'a' }, asking());
  expect(children).toHaveLength(2);
  old.exits(0);
  newest().says({ kind: 'done', id: 1, ok: true, value: null });
  await call;
  expect(faults.filter((fault) => fault !== null)).toEqual([]);
  expect(old.killed).toBe(false);
});

test('one that does not end when it is to rest is killed', async () => {
  supervise(true);
  tellPresence(false);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(newest().killed).toBe(false);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(newest().killed).toBe(true);
});

test('a process does not rest while a call lasts, a token is listed, or one may be there again', async () => {
  const supervisor = supervise(false);
  const call = supervisor.call('wink', { tokenId: 'a' }, asking());
  await vi.advanceTimersByTimeAsync(60_000);
  newest().says({ kind: 'tokens', tokens: [{} as TokenSummary] });
  newest().says({ kind: 'done', id: 1, ok: true, value: null });
  await call;
  await vi.advanceTimersByTimeAsync(60_000);
  newest().says({ kind: 'tokens', tokens: [] });
  await vi.advanceTimersByTimeAsync(19_000);
  tellPresence(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(children).toHaveLength(1);
  expect(newest().said.filter(({ kind }) => kind === 'stop')).toEqual([]);
});
