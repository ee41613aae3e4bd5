/** Puts the rooms together for one configuration. Only this file and `start.ts` know concrete classes. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Logger, pino } from 'pino';
import type { Config } from './config.ts';
import { createApiClient } from './demo/api-client.ts';
import { type DemoServer, startDemo } from './demo/demo-server.ts';
import { DEMO_PERSON, type DemoAccount, issueServiceKey, seedPeople } from './demo/organization.ts';
import { STRONG_DIGITS } from './domain/approvals/number.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import { makePairingCode } from './domain/devices/pairing-code.ts';
import type { Domain } from './domain/domain.ts';
import { clearAway, expireDue } from './domain/housekeeping.ts';
import { defaultPolicy, type Policy } from './domain/policy.ts';
import type { Store } from './domain/stores.ts';
import { usernameKey } from './domain/usernames.ts';
import { createServer } from './http/server.ts';
import { openStore } from './open-store.ts';
import { createPasswordHasher } from './passwords/argon2.ts';
import { openSeeds } from './seeds/open-seeds.ts';
import { loadTrust } from './webauthn/load-trust.ts';
import { createRelyingParty } from './webauthn/relying-party.ts';

export interface BackendOptions {
  readonly config: Config;
  readonly version: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly policy?: Partial<Policy>;
}

export interface DemoReport {
  readonly service: string;
  readonly firstRun: boolean;
  readonly people: readonly DemoAccount[];
  readonly pairingCode: string;
}

export interface Backend {
  readonly domain: Domain;
  readonly origin: string;
  readonly demo: DemoReport | null;
  stop(): Promise<void>;
}

const EXPIRE_EVERY = 2_000;
const CLEAR_EVERY = 60_000;

/** Opens the store, listens, and answers once requests are served. */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const { config, logger, clock = systemClock } = options;
  const store = await openStore(config, (error) => logger.warn({ err: error }, 'database connection lost'));
  try {
    const domain = await assembleDomain(options, store, clock);
    const server = await createServer({
      domain,
      version: options.version,
      logger,
      tls: config.tls === null ? null : { cert: readFileSync(config.tls.certFile, 'utf8'), key: readFileSync(config.tls.keyFile, 'utf8') },
      trustedProxies: config.trustedProxies,
      web: config.web,
    });
    await server.app.listen({ host: config.listen.host, port: config.listen.port });
    const demo = config.demo === null ? null : await openDemo(domain, config, config.demo.listen);
    const stopTimers = keepHouse(domain, logger);
    return {
      domain,
      origin: config.origin,
      demo: demo?.report ?? null,
      async stop() {
        await stopTimers();
        await demo?.server.stop();
        await server.stop();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function assembleDomain(options: BackendOptions, store: Store, clock: Clock): Promise<Domain> {
  const { config, logger } = options;
  const { trust, notes } = await loadTrust(config, store, new Date(clock.now()));
  for (const { kind, ...note } of notes) logger[kind === 'metadata-accepted' ? 'info' : 'warn'](note, kind);
  return {
    store,
    clock,
    policy: policyOf(options),
    organization: { name: config.organization, origin: config.origin, rpId: config.rpId },
    // One core is left to everything else, whatever floods in.
    passwords: await createPasswordHasher({ places: Math.max(1, Math.min(availableParallelism() - 1, 3)), waiting: 64 }),
    seeds: await openSeeds(config.seedKeysFile, store, clock.now()),
    webauthn: createRelyingParty({ origin: config.origin, rpId: config.rpId, trust }),
  };
}

function policyOf({ config, logger, policy }: BackendOptions): Policy {
  const made: Policy = {
    ...defaultPolicy,
    firstEnrollment: config.firstEnrollment,
    codes: { ...defaultPolicy.codes, ...config.codes },
    approvals: config.approvals.allowed,
    sameDevice: config.approvals.sameDevice,
    approvalDigits: config.approvals.digits,
    ...policy,
  };
  if (made.approvals && made.approvalDigits < STRONG_DIGITS) {
    logger.warn({ digits: made.approvalDigits, wanted: STRONG_DIGITS }, 'approvals-weak: fewer digits than NIST SP 800-63B-4 asks for');
  }
  return made;
}

/** Runs the chores, one at a time; the answer stops them and waits for the one that runs. */
function keepHouse(domain: Domain, logger: Logger): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const chore = (work: (domain: Domain) => Promise<void>) => () => {
    running = running.then(() => work(domain)).catch((error: unknown) => logger.error({ err: error }, 'chore failed'));
  };
  const timers = [setInterval(chore(expireDue), EXPIRE_EVERY), setInterval(chore(clearAway), CLEAR_EVERY)];
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await running;
  };
}

interface OpenDemo {
  readonly server: DemoServer;
  readonly report: DemoReport;
}

async function openDemo(domain: Domain, config: Config, listen: { host: string; port: number }): Promise<OpenDemo> {
  const { firstRun, accounts } = await seedPeople(domain);
  const origin = `http://localhost:${listen.port}`;
  const scheme = config.tls === null ? 'http' : 'https';
  const base = config.tls === null ? `${scheme}://${hostInUrl(config.listen.host)}:${config.listen.port}` : config.origin;
  const person = await domain.store.read.people.byUsernameKey(usernameKey(DEMO_PERSON));
  if (person === null) throw new Error('the demonstration person is missing');
  const server = await startDemo({
    listen,
    origin,
    backendOrigin: config.origin,
    organization: config.organization,
    person,
    library: createApiClient({ base, key: await issueServiceKey(domain, 'Library', [`${origin}/returned`]) }),
    vpn: createApiClient({ base, key: await issueServiceKey(domain, 'VPN', []) }),
  });
  const { code } = await makePairingCode(domain, { source: 'local' }, person, 'system');
  return { server, report: { service: origin, firstRun, people: accounts, pairingCode: code } };
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Logs to stderr: stdout belongs to the one line that says "ready". */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      redact: {
        paths: [
          'password',
          '*.password',
          'code',
          '*.code',
          'token',
          '*.token',
          'key',
          '*.key',
          'cookie',
          '*.cookie',
          'authorization',
          '*.authorization',
          '*.headers',
        ],
        censor: '[redacted]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
