/**
 * Finds out, without the person, which plugged-in token is which of their keys, and keeps it in `AppState.recognized`.
 * Asks again when the tokens or the enrolled keys change. What the person does with a token goes first: the token
 * process answers `token.busy` then, and the question is put off.
 */
import { DoorstepError } from '../../contract/errors.ts';
import type { AppState } from '../../contract/ipc.ts';
import type { Log } from '../app/log.ts';
import type { StateStore } from '../app/state-store.ts';
import type { TokenSupervisor } from './supervisor.ts';

export interface RecognitionOptions {
  readonly store: StateStore;
  readonly tokens: Pick<TokenSupervisor, 'call'>;
  readonly log: Log;
}

/** What every token is asked: which of these does it hold? */
interface Question {
  readonly rpId: string;
  /** Authenticator ids by their credential ids. */
  readonly keys: ReadonlyMap<string, string>;
}

interface Look {
  /** Question and token as they were: another text is another look. */
  readonly about: string;
  readonly stop: AbortController;
}

/** Milliseconds between two tries with a busy token: a refusal costs no packet, and the person sees the name soon after. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 5_000;
/** In all about as long as a person may take over one prompt. */
const MOST_TRIES = 40;

/** Watches the store until the returned function is called. */
export function watchRecognition({ store, tokens, log }: RecognitionOptions): () => void {
  const looks = new Map<string, Look>();

  const keep = (recognized: Readonly<Record<string, string>>) => {
    if (!sameEntries(recognized, store.get().recognized)) store.change({ recognized });
  };

  const note = (tokenId: string, authenticatorId: string | undefined) => {
    const { [tokenId]: _before, ...others } = store.get().recognized;
    keep(authenticatorId === undefined ? others : { ...others, [tokenId]: authenticatorId });
  };

  const look = async (tokenId: string, { rpId, keys }: Question, signal: AbortSignal) => {
    const request = { tokenId, rpId, credentialIds: [...keys.keys()] };
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      try {
        const { credentialId } = await tokens.call('recognize', request, { signal, onPrompt: () => undefined });
        if (!signal.aborted) note(tokenId, credentialId === null ? undefined : keys.get(credentialId));
        return;
      } catch (error) {
        if (signal.aborted) return;
        const code = error instanceof DoorstepError ? error.code : 'internal';
        if (code !== 'token.busy') {
          log.info('recognition.failed', { code });
          note(tokenId, undefined);
          return;
        }
      }
      await pause(Math.min(FIRST_WAIT * 2 ** tries, LONGEST_WAIT), signal);
      if (signal.aborted) return;
    }
    log.info('recognition.failed', { code: 'token.busy' });
  };

  const consider = (state: AppState) => {
    const question = questionOf(state);
    const ready = question === null ? [] : state.tokens.filter((token) => token.state.kind === 'ready');
    const asked = [question?.rpId, ...(question?.keys ?? [])];
    // A passkey that is deleted from a token changes what the token says it has room for.
    const wanted = new Map(ready.map((token) => [token.id, JSON.stringify([asked, token.passkeysLeft])]));
    for (const [tokenId, { about, stop }] of looks) {
      if (wanted.get(tokenId) === about) continue;
      looks.delete(tokenId);
      stop.abort();
    }
    const enrolled = new Set(question?.keys.values());
    keep(Object.fromEntries(Object.entries(state.recognized).filter(([tokenId, id]) => wanted.has(tokenId) && enrolled.has(id))));
    if (question === null) return;
    for (const [tokenId, about] of wanted) {
      if (looks.has(tokenId)) continue;
      const stop = new AbortController();
      looks.set(tokenId, { about, stop });
      void look(tokenId, question, stop.signal);
    }
  };

  const unsubscribe = store.subscribe(consider);
  return () => {
    unsubscribe();
    for (const { stop } of looks.values()) stop.abort();
    looks.clear();
  };
}

/** Null where nobody is paired or no key is enrolled: then there is nothing to ask. */
function questionOf({ pairing, authenticators }: AppState): Question | null {
  if (pairing.state !== 'paired') return null;
  const keys = new Map<string, string>();
  for (const { id, kind, state, credentialId } of authenticators)
    if (kind === 'security-key' && state !== 'removed' && credentialId !== null) keys.set(credentialId, id);
  return keys.size === 0 ? null : { rpId: pairing.organization.rpId, keys };
}

function sameEntries(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(one);
  return entries.length === Object.keys(other).length && entries.every(([key, value]) => other[key] === value);
}

/** Resolves after `milliseconds`, or earlier when `signal` aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end, { once: true });
  });
}
