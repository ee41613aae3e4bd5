/** What a person does with keys, each from the question to the backend's answer. */
import { DoorstepError } from '../../contract/errors.ts';
import { CreationCeremony, OneAuthenticator, RequestCeremony, type WaitingChallenge } from '../../contract/http/shapes.ts';
import type { PromptSubject } from '../../contract/ipc.ts';
import type { CreationOptionsJson, PasskeySummary, RequestOptionsJson, TokenCall, TokenCalls } from '../../contract/tokens.ts';
import type { Sync } from '../sync/sync.ts';
import type { Asking, Prompts } from '../tokens/prompts.ts';
import type { TokenSupervisor } from '../tokens/supervisor.ts';

export interface KeyFlows {
  /** Enrolls the key for the paired person. @returns the new authenticator's id */
  enroll(tokenId: string, name: string): Promise<{ authenticatorId: string }>;
  /** Answers a challenge of our own with the key. @returns the name of the authenticator that answered */
  tryKey(tokenId: string): Promise<{ name: string }>;
  /** The person touches any one of their enrolled keys, as the backend sees it. */
  showKey(about: PromptSubject): Promise<void>;
  /** Answers the challenge of a service with whichever key the person touches. */
  answerChallenge(id: string): Promise<void>;
  setPin(tokenId: string): Promise<void>;
  changePin(tokenId: string): Promise<void>;
  reset(tokenId: string): Promise<void>;
  wink(tokenId: string): Promise<void>;
  passkeys(tokenId: string): Promise<readonly PasskeySummary[]>;
  deletePasskey(tokenId: string, credentialId: string): Promise<void>;
  renamePasskeyUser(request: TokenCalls['renamePasskeyUser']['request']): Promise<void>;
}

export interface KeyFlowOptions {
  readonly sync: Sync;
  readonly tokens: TokenSupervisor;
  readonly prompts: Prompts;
  readonly challenges: () => readonly WaitingChallenge[];
}

export function createKeyFlows({ sync, tokens, prompts, challenges }: KeyFlowOptions): KeyFlows {
  const ask = <C extends TokenCall>(about: PromptSubject, call: C, request: TokenCalls[C]['request']) =>
    prompts.ask(about, (asking) => tokens.call(call, request, asking));

  /** The options are the backend's own; what of them is used is checked by the token process, RP ID and origin first. */
  const assertFor = async (asking: Asking, tokenId: string | undefined, options: RequestOptionsJson) =>
    tokens.call('assert', { ...(tokenId === undefined ? {} : { tokenId }), origin: sync.origin(), options }, asking);

  /** @returns the name of the authenticator that answered */
  const tryWith = async (asking: Asking, tokenId: string | undefined) => {
    const ceremony = await sync.call({ route: 'deviceTryOptions', answer: RequestCeremony, signal: asking.signal });
    const { credential } = await assertFor(asking, tokenId, ceremony.options as RequestOptionsJson);
    const { authenticator } = await sync.call({
      route: 'deviceTry',
      body: { ceremonyId: ceremony.ceremonyId, credential },
      answer: OneAuthenticator,
    });
    return { name: authenticator.name };
  };

  return {
    enroll: (tokenId, name) =>
      prompts.ask({ kind: 'enroll' }, async (asking) => {
        const ceremony = await sync.call({ route: 'deviceRegistrationOptions', answer: CreationCeremony, signal: asking.signal });
        const options = ceremony.options as CreationOptionsJson;
        const { credential } = await tokens.call('register', { tokenId, origin: sync.origin(), options }, asking);
        const { authenticator } = await sync.call({
          route: 'deviceRegistration',
          body: { ceremonyId: ceremony.ceremonyId, name, credential },
          answer: OneAuthenticator,
        });
        await sync.refresh().catch(() => undefined);
        return { authenticatorId: authenticator.id };
      }),

    tryKey: (tokenId) => prompts.ask({ kind: 'try' }, (asking) => tryWith(asking, tokenId)),
    showKey: async (about) => void (await prompts.ask(about, (asking) => tryWith(asking, undefined))),

    async answerChallenge(id) {
      const challenge = challenges().find((waiting) => waiting.id === id);
      if (challenge === undefined) throw new DoorstepError('challenge.ended');
      const flow = async (asking: Asking) => {
        const ceremony = await sync.call({ route: 'deviceChallengeOptions', id, answer: RequestCeremony, signal: asking.signal });
        const { credential } = await assertFor(asking, undefined, ceremony.options as RequestOptionsJson);
        await sync.call({ route: 'deviceChallengeAnswer', id, body: { ceremonyId: ceremony.ceremonyId, credential }, answer: null });
      };
      try {
        await prompts.ask({ kind: 'challenge', serviceName: challenge.serviceName }, flow, id);
      } catch (error) {
        // It ended elsewhere while the key was waiting for its touch: nobody stopped it here.
        const canceled = error instanceof DoorstepError && error.code === 'token.canceled';
        if (canceled && !challenges().some((waiting) => waiting.id === id)) throw new DoorstepError('challenge.ended');
        throw error;
      } finally {
        await sync.refresh().catch(() => undefined);
      }
    },

    setPin: async (tokenId) => void (await ask({ kind: 'set-pin' }, 'setPin', { tokenId })),
    changePin: async (tokenId) => void (await ask({ kind: 'change-pin' }, 'changePin', { tokenId })),
    reset: async (tokenId) => void (await ask({ kind: 'reset' }, 'reset', { tokenId })),
    // A wink asks nothing, so it must not end a question that is open.
    wink: async (tokenId) =>
      void (await tokens.call('wink', { tokenId }, { signal: new AbortController().signal, onPrompt: () => undefined })),
    passkeys: (tokenId) => ask({ kind: 'passkeys' }, 'passkeys', { tokenId }),
    deletePasskey: async (tokenId, credentialId) => void (await ask({ kind: 'passkeys' }, 'deletePasskey', { tokenId, credentialId })),
    renamePasskeyUser: async (request) => void (await ask({ kind: 'passkeys' }, 'renamePasskeyUser', request)),
  };
}
