/** What every use case works with. The composition root fills it in. */
import type { Organization } from '../../contract/http/shapes.ts';
import type { Clock } from './clock.ts';
import type { SeedVault } from './codes/seeds.ts';
import type { PasswordHasher } from './people/password-hasher.ts';
import type { Policy } from './policy.ts';
import type { Store } from './stores.ts';
import type { WebAuthn } from './webauthn.ts';

export interface Domain {
  readonly store: Store;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly organization: Organization;
  readonly passwords: PasswordHasher;
  readonly webauthn: WebAuthn;
  readonly seeds: SeedVault;
}

/** Who is asking, for limits and for the audit trail. */
export interface Caller {
  /** Network address. */
  readonly source: string;
}
