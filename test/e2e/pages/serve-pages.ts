/** The real backend with the built pages, for the tests of one file: it stands while they run, and each has a person of its own. */
import type { Page } from '@playwright/test';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { test } from './look.ts';
import { VirtualKey } from './virtual-key.ts';
import { type Account, addFirstKey } from './visitor.ts';
import { webPages } from './web-pages.ts';

const PASSWORD = 'correct horse battery staple';

export interface ServedPages {
  /** There from the first test on. */
  readonly backend: BackendHere;
  /** A person who has a password and nothing else. */
  somebody(): Promise<Account>;
  /** Brings a person to the security page, whose one way is a key that is plugged in. */
  enter(page: Page): Promise<{ readonly account: Account; readonly key: VirtualKey }>;
}

export function servePages(): ServedPages {
  let backend: BackendHere;
  let people = 0;

  test.beforeAll(async () => {
    backend = await startBackendHere({ environment: { ...webPages(), DOORSTEP_ORGANIZATION: 'Northmoor University' } });
  });
  test.afterAll(async () => {
    await backend.stop();
  });

  const somebody = async (): Promise<Account> => {
    people += 1;
    const account = { username: `person-${people}`, password: PASSWORD };
    await backend.addPerson(account.username, account.password);
    return account;
  };

  return {
    get backend() {
      return backend;
    },
    somebody,
    async enter(page) {
      const account = await somebody();
      const key = await VirtualKey.plugIn(page);
      await addFirstKey(page, backend.origin, account);
      return { account, key };
    },
  };
}
