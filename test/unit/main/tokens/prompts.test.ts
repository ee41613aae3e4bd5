import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DoorstepError } from '../../../../src/contract/errors.ts';
import type { AppState } from '../../../../src/contract/ipc.ts';
import type { Prompt, PromptAnswer } from '../../../../src/contract/tokens.ts';
import { type Asking, createPrompts } from '../../../../src/main/tokens/prompts.ts';

const PIN: Prompt = { kind: 'pin', tokenId: 'a', retries: 8, wrong: false, minLength: 4 };
let shown: AppState['prompt'] = null;
const given: PromptAnswer[] = [];
const answer = (value: PromptAnswer) => void given.push(value);

/** A flow that asks and then waits until it is canceled, or ended by the test. */
function waiting(prompt: Prompt) {
  let end: () => void = () => undefined;
  const flow = (asking: Asking) =>
    new Promise<string>((resolve, reject) => {
      asking.signal.addEventListener('abort', () => reject(new DoorstepError('token.canceled')));
      asking.onPrompt(prompt, answer);
      end = () => resolve('done');
    });
  return { flow, end: () => end() };
}

beforeEach(() => {
  vi.useFakeTimers();
  shown = null;
  given.length = 0;
});
afterEach(() => vi.useRealTimers());
const make = () => createPrompts((prompt) => (shown = prompt), 1_000);

test('a prompt is shown with what it is about, answered once, and gone at the end', async () => {
  const prompts = make();
  const { flow, end } = waiting(PIN);
  const asked = prompts.ask({ kind: 'enroll' }, flow);
  expect(shown).toEqual({ id: 1, about: { kind: 'enroll' }, prompt: PIN });
  prompts.answer(1, { kind: 'pin', pin: '1234' });
  expect(given).toEqual([{ kind: 'pin', pin: '1234' }]);
  expect(() => prompts.answer(1, { kind: 'pin', pin: '1234' })).toThrow(expect.objectContaining({ code: 'ceremony.ended' }));
  end();
  expect(await asked).toBe('done');
  expect(shown).toBeNull();
});

test.each<[string, (prompts: ReturnType<typeof make>) => void]>([
  ['no answer until the deadline', () => vi.advanceTimersByTime(1_000)],
  ['a closed window', (prompts) => prompts.cancel()],
  ['a no', (prompts) => prompts.answer(1, { kind: 'cancel' })],
])('%s is a no', async (_name, act) => {
  const prompts = make();
  const asked = prompts.ask({ kind: 'reset' }, waiting(PIN).flow);
  const outcome = expect(asked).rejects.toMatchObject({ code: 'token.canceled' });
  act(prompts);
  await outcome;
  expect(shown).toBeNull();
});

test('a newer wish ends the older one, whose late prompt is not shown', async () => {
  const prompts = make();
  let late: Asking | null = null;
  const older = prompts.ask({ kind: 'enroll' }, (asking) => {
    late = asking;
    return waiting(PIN).flow(asking);
  });
  const outcome = expect(older).rejects.toMatchObject({ code: 'token.canceled' });
  const newer = waiting({ kind: 'plug-in' });
  const asked = prompts.ask({ kind: 'try' }, newer.flow);
  await outcome;
  (late as Asking | null)?.onPrompt(PIN, answer);
  expect(shown).toMatchObject({ about: { kind: 'try' } });
  newer.end();
  await asked;
});

test('an answer of the wrong kind is refused and the question stays', async () => {
  const prompts = make();
  const { flow, end } = waiting({ kind: 'choose-passkey', tokenId: 'a', users: [{ name: 'a', displayName: 'A' }] });
  const asked = prompts.ask({ kind: 'challenge', serviceName: 'VPN' }, flow);
  for (const wrong of [
    { kind: 'pin', pin: '1' },
    { kind: 'new-pin', pin: '1' },
    { kind: 'passkey', index: 1 },
  ] as const) {
    expect(() => prompts.answer(1, wrong)).toThrow(expect.objectContaining({ code: 'ipc.refused' }));
  }
  prompts.answer(1, { kind: 'passkey', index: 0 });
  end();
  await asked;
});

test('a challenge that ended elsewhere ends its own flow and no other', async () => {
  const prompts = make();
  const { flow, end } = waiting(PIN);
  const other = prompts.ask({ kind: 'challenge', serviceName: 'VPN' }, flow, 'one');
  prompts.cancelChallenge('two');
  end();
  expect(await other).toBe('done');
  const asked = prompts.ask({ kind: 'challenge', serviceName: 'VPN' }, waiting(PIN).flow, 'one');
  const outcome = expect(asked).rejects.toMatchObject({ code: 'token.canceled' });
  prompts.cancelChallenge('one');
  await outcome;
});
