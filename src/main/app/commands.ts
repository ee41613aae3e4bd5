/** What stands behind each channel of the door. */
import { DoorstepError } from '../../contract/errors.ts';
import type { CodeCommands } from '../codes/codes.ts';
import type { Commands } from '../ipc/door.ts';
import type { Sync } from '../sync/sync.ts';
import type { PracticeKey } from '../tokens/practice.ts';
import type { Prompts } from '../tokens/prompts.ts';
import type { Vault } from '../vault/vault.ts';
import type { KeyFlows } from './key-flows.ts';
import type { Notices } from './notices.ts';
import type { Reviews } from './reviews.ts';
import type { StartAtLogin } from './start-at-login.ts';
import type { StateStore } from './state-store.ts';

export interface CommandOptions {
  readonly store: StateStore;
  readonly sync: Sync;
  readonly vault: Vault;
  readonly prompts: Prompts;
  readonly keys: KeyFlows;
  readonly codes: CodeCommands;
  readonly reviews: Reviews;
  readonly notices: Notices;
  readonly start: StartAtLogin;
  /** Null in a packaged app. */
  readonly practice: PracticeKey | null;
}

export function createCommands({ store, sync, vault, prompts, keys, codes, reviews, notices, start, practice }: CommandOptions): Commands {
  const done = async (work: Promise<unknown>): Promise<null> => {
    await work;
    return null;
  };
  const practise = async (act: 'plug' | 'unplug' | 'touch'): Promise<null> => {
    if (practice === null) throw new DoorstepError('ipc.refused');
    practice.do(act);
    return null;
  };
  return {
    'state.get': async () => store.get(),
    'pairing.connect': ({ code, server }) => done(sync.pair(code, server)),
    'pairing.disconnect': () => done(sync.disconnect()),
    'keychain.retry': async () => {
      store.change({ keychain: 'checking' });
      const state = await vault.open();
      store.change({ keychain: state });
      if (state === 'ready') await sync.start();
      return null;
    },
    'key.enroll': ({ tokenId, name }) => keys.enroll(tokenId, name),
    'key.try': ({ tokenId }) => keys.tryKey(tokenId),
    'key.set-pin': ({ tokenId }) => done(keys.setPin(tokenId)),
    'key.change-pin': ({ tokenId }) => done(keys.changePin(tokenId)),
    'key.reset': ({ tokenId }) => done(keys.reset(tokenId)),
    'key.wink': ({ tokenId }) => done(keys.wink(tokenId)),
    'key.passkeys': ({ tokenId }) => keys.passkeys(tokenId),
    'key.delete-passkey': ({ tokenId, credentialId }) => done(keys.deletePasskey(tokenId, credentialId)),
    'key.rename-passkey': (request) => done(keys.renamePasskeyUser(request)),
    'prompt.answer': async ({ promptId, answer }) => {
      prompts.answer(promptId, answer);
      return null;
    },
    'authenticator.rename': ({ id, name }) => done(sync.change(id, { kind: 'rename', name })),
    'authenticator.prefer': ({ id }) => done(sync.change(id, { kind: 'prefer' })),
    'authenticator.remove': ({ id }) => done(sync.change(id, { kind: 'remove' })),
    'challenge.answer': async ({ id }) => {
      await keys.answerChallenge(id);
      reviews.answered(id);
      return null;
    },
    'approval.review': async ({ id }) => {
      reviews.review(id, true);
      return null;
    },
    'approval.approve': ({ id, number }) => done(reviews.approve(id, number)),
    'approval.deny': ({ id }) => done(reviews.deny(id)),
    'approval.not-me': ({ id }) => done(reviews.notMe(id)),
    'approval.close': async () => {
      reviews.close();
      return null;
    },
    'settings.change': async ({ startAtLogin }) => {
      if (startAtLogin !== undefined) start.set(startAtLogin);
      store.change({ settings: { startAtLogin: start.get() } });
      return null;
    },
    'notice.dismiss': async ({ id }) => {
      notices.dismiss(id);
      return null;
    },
    ...codes,
    'practice.plug': () => practise('plug'),
    'practice.unplug': () => practise('unplug'),
    'practice.touch': () => practise('touch'),
  };
}
