/** Configuration from the environment: one schema for the form, rules for the sense, and a remedy for every fault. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type CodeWindows, defaultPolicy } from './domain/policy.ts';

const PORT = '([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
const Address = Type.String({ pattern: `^(\\[[0-9A-Fa-f:]+\\]|[A-Za-z0-9.-]+):${PORT}$` });
const Path = Type.String({ minLength: 1 });

const Environment = Type.Object({
  DOORSTEP_BACKEND_DATA: Type.Optional(Path),
  DOORSTEP_DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  DOORSTEP_SEED_KEYS: Type.Optional(Path),
  DOORSTEP_LISTEN: Type.Optional(Address),
  DOORSTEP_ORIGIN: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
  DOORSTEP_RP_ID: Type.Optional(Type.String({ pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' })),
  DOORSTEP_TLS_CERT: Type.Optional(Path),
  DOORSTEP_TLS_KEY: Type.Optional(Path),
  DOORSTEP_TRUSTED_PROXIES: Type.Optional(Type.String({ pattern: '^[0-9A-Fa-f:./, ]*$' })),
  DOORSTEP_ORGANIZATION: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  DOORSTEP_FIRST_ENROLLMENT: Type.Optional(Type.Union([Type.Literal('claim-code'), Type.Literal('password')])),
  DOORSTEP_APPROVALS: Type.Optional(Type.Union([Type.Literal('on'), Type.Literal('other-device'), Type.Literal('off')])),
  DOORSTEP_CODES: Type.Optional(Type.Union([Type.Literal('on'), Type.Literal('off')])),
  DOORSTEP_CODE_STEPS: Type.Optional(Type.String({ pattern: '^([0-9]|10)$' })),
  DOORSTEP_CODE_COUNTERS: Type.Optional(Type.String({ pattern: '^([0-9]|[1-9][0-9]|100)$' })),
  DOORSTEP_RESYNC_STEPS: Type.Optional(Type.String({ pattern: '^([0-9]|[1-9][0-9]|1[01][0-9]|120)$' })),
  DOORSTEP_RESYNC_COUNTERS: Type.Optional(Type.String({ pattern: '^([0-9]|[1-9][0-9]{1,3}|10000)$' })),
  DOORSTEP_APPROVAL_DIGITS: Type.Optional(Type.String({ pattern: '^[2-8]$' })),
  DOORSTEP_ATTESTATION_ROOTS: Type.Optional(Path),
  DOORSTEP_METADATA_BLOB: Type.Optional(Path),
  DOORSTEP_METADATA_ROOT: Type.Optional(Path),
  DOORSTEP_WEB: Type.Optional(Path),
  DOORSTEP_DEMO: Type.Optional(Type.Union([Type.Literal('0'), Type.Literal('1')])),
  DOORSTEP_DEMO_LISTEN: Type.Optional(Address),
  DOORSTEP_LOG_LEVEL: Type.Optional(
    Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error'), Type.Literal('silent')]),
  ),
});
type Variable = keyof Static<typeof Environment>;

/** What to write instead. */
const REMEDIES: Record<Variable, string> = {
  DOORSTEP_BACKEND_DATA: 'Name a folder that this account may write to.',
  DOORSTEP_DATABASE_URL: 'Write it as postgres://user@host/database, or leave it out to use SQLite.',
  DOORSTEP_SEED_KEYS:
    'Name the file of the keys that seal the seeds. With PostgreSQL it has no default: every process needs the same file, outside the database.',
  DOORSTEP_LISTEN: 'Write it as address:port, such as 127.0.0.1:7410 or [::1]:7410.',
  DOORSTEP_ORIGIN: 'Write it as browsers do, without a path: https://id.example',
  DOORSTEP_RP_ID: 'Write the host of DOORSTEP_ORIGIN, or a domain that it ends in.',
  DOORSTEP_TLS_CERT: 'Name the PEM file of the certificate chain, and its key in DOORSTEP_TLS_KEY.',
  DOORSTEP_TLS_KEY: 'Name the PEM file of the private key, and its certificate in DOORSTEP_TLS_CERT.',
  DOORSTEP_TRUSTED_PROXIES: 'List addresses or networks with commas between: 10.0.0.1, 10.1.0.0/16',
  DOORSTEP_ORGANIZATION: 'Write the name that people know, at most 64 characters.',
  DOORSTEP_FIRST_ENROLLMENT: 'Write claim-code or password.',
  DOORSTEP_APPROVALS: 'Write on, off, or other-device (a computer never approves for a browser at its own address).',
  DOORSTEP_CODES: 'Write on or off; off takes no codes of apps and tokens any more.',
  DOORSTEP_CODE_STEPS: 'Write how many time steps a code may be early or late, 0 to 10; each one more makes a guess likelier.',
  DOORSTEP_CODE_COUNTERS: 'Write how many codes of a token may have been skipped, 0 to 100; each one more makes a guess likelier.',
  DOORSTEP_RESYNC_STEPS: 'Write within how many time steps two codes in a row are taken, up to 120 and not below DOORSTEP_CODE_STEPS.',
  DOORSTEP_RESYNC_COUNTERS:
    'Write within how many counters two codes in a row are taken, up to 10000 and not below DOORSTEP_CODE_COUNTERS.',
  DOORSTEP_APPROVAL_DIGITS: 'Write how many digits people type, 2 to 8; fewer than 6 is weaker.',
  DOORSTEP_ATTESTATION_ROOTS: 'Name a PEM file with the root certificates of the makers.',
  DOORSTEP_METADATA_BLOB: 'Name the metadata file (a JWT), as the FIDO Alliance publishes it.',
  DOORSTEP_METADATA_ROOT: 'Name a PEM file with the root of the metadata file.',
  DOORSTEP_WEB: 'Name the folder of the built pages.',
  DOORSTEP_DEMO: 'Write 1 to get the demonstration organization, or leave it out.',
  DOORSTEP_DEMO_LISTEN: 'Write it as address:port, on this machine only, such as 127.0.0.1:7411.',
  DOORSTEP_LOG_LEVEL: 'Write debug, info, warn, error or silent.',
};

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface Config {
  readonly store: { readonly kind: 'sqlite'; readonly folder: string } | { readonly kind: 'postgres'; readonly address: string };
  /** Where the keys that seal the seeds are kept: never in the database. */
  readonly seedKeysFile: string;
  readonly listen: ListenAddress;
  readonly origin: string;
  readonly rpId: string;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly trustedProxies: readonly string[];
  readonly organization: string;
  readonly firstEnrollment: 'claim-code' | 'password';
  readonly codes: { readonly allowed: boolean; readonly windows: CodeWindows };
  readonly approvals: { readonly allowed: boolean; readonly sameDevice: boolean; readonly digits: number };
  readonly attestationRootsFile: string | null;
  readonly metadata: { readonly blobFile: string; readonly rootFile: string | null } | null;
  readonly web: string;
  readonly demo: { readonly listen: ListenAddress } | null;
  readonly logLevel: string;
}

export interface ConfigFault {
  readonly variable: string;
  readonly remedy: string;
}

export type ConfigOutcome =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

/** Reads every variable, or says what is wrong with each that is. An empty variable counts as absent. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>, projectFolder: string): ConfigOutcome {
  const values: Record<string, string> = {};
  for (const variable of Object.keys(REMEDIES)) {
    const value = environment[variable];
    if (value !== undefined && value !== '') values[variable] = value;
  }
  const faults: ConfigFault[] = Object.keys(values)
    .filter((variable): variable is Variable => variable in Environment.properties)
    .filter((variable) => !Value.Check(Environment.properties[variable], values[variable]))
    .map((variable) => ({ variable, remedy: REMEDIES[variable] }));
  if (faults.length > 0) return { ok: false, faults };
  const config = assemble(values as Static<typeof Environment>, environment, projectFolder);
  const senseless = [...faultsOfSense(config, values as Static<typeof Environment>)];
  return senseless.length > 0 ? { ok: false, faults: senseless } : { ok: true, config };
}

function assemble(env: Static<typeof Environment>, all: Readonly<Record<string, string | undefined>>, projectFolder: string): Config {
  const listen = address(env.DOORSTEP_LISTEN ?? '127.0.0.1:7410');
  const tls =
    env.DOORSTEP_TLS_CERT !== undefined && env.DOORSTEP_TLS_KEY !== undefined
      ? { certFile: env.DOORSTEP_TLS_CERT, keyFile: env.DOORSTEP_TLS_KEY }
      : null;
  const origin = canonicalOrigin(env.DOORSTEP_ORIGIN ?? `${tls === null ? 'http' : 'https'}://localhost:${listen.port}`);
  const demo = env.DOORSTEP_DEMO === '1' ? { listen: address(env.DOORSTEP_DEMO_LISTEN ?? '127.0.0.1:7411') } : null;
  const dataHome = all['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  const folder = env.DOORSTEP_BACKEND_DATA ?? join(dataHome, 'doorstep-backend');
  return {
    store: env.DOORSTEP_DATABASE_URL === undefined ? { kind: 'sqlite', folder } : { kind: 'postgres', address: env.DOORSTEP_DATABASE_URL },
    seedKeysFile: env.DOORSTEP_SEED_KEYS ?? join(folder, 'seed-keys'),
    listen,
    origin,
    rpId: env.DOORSTEP_RP_ID ?? new URL(origin).hostname,
    tls,
    trustedProxies: (env.DOORSTEP_TRUSTED_PROXIES ?? '').split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()])),
    organization: env.DOORSTEP_ORGANIZATION ?? (demo === null ? 'Doorstep' : 'Northmoor University'),
    // The demonstration has no lab that could hand out claim codes.
    firstEnrollment: env.DOORSTEP_FIRST_ENROLLMENT ?? (demo === null ? 'claim-code' : 'password'),
    codes: { allowed: env.DOORSTEP_CODES !== 'off', windows: codeWindows(env) },
    approvals: {
      allowed: env.DOORSTEP_APPROVALS !== 'off',
      sameDevice: env.DOORSTEP_APPROVALS !== 'other-device',
      digits: Number(env.DOORSTEP_APPROVAL_DIGITS ?? '6'),
    },
    attestationRootsFile: env.DOORSTEP_ATTESTATION_ROOTS ?? null,
    metadata:
      env.DOORSTEP_METADATA_BLOB === undefined
        ? null
        : { blobFile: env.DOORSTEP_METADATA_BLOB, rootFile: env.DOORSTEP_METADATA_ROOT ?? null },
    web: env.DOORSTEP_WEB ?? join(projectFolder, 'dist', 'web'),
    demo,
    logLevel: env.DOORSTEP_LOG_LEVEL ?? 'info',
  };
}

function codeWindows(env: Static<typeof Environment>): CodeWindows {
  const usual = defaultPolicy.codes.windows;
  return {
    ...usual,
    steps: Number(env.DOORSTEP_CODE_STEPS ?? usual.steps),
    counters: Number(env.DOORSTEP_CODE_COUNTERS ?? usual.counters),
    resyncSteps: Number(env.DOORSTEP_RESYNC_STEPS ?? usual.resyncSteps),
    resyncCounters: Number(env.DOORSTEP_RESYNC_COUNTERS ?? usual.resyncCounters),
  };
}

function address(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

function canonicalOrigin(text: string): string {
  return URL.canParse(text) ? new URL(text).origin : text;
}

/** This machine only: 127.0.0.0/8, ::1, localhost. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function* faultsOfSense(config: Config, env: Static<typeof Environment>): Generator<ConfigFault> {
  const fault = (variable: Variable, remedy: string = REMEDIES[variable]): ConfigFault => ({ variable, remedy });
  if ((env.DOORSTEP_TLS_CERT === undefined) !== (env.DOORSTEP_TLS_KEY === undefined)) {
    yield fault(env.DOORSTEP_TLS_CERT === undefined ? 'DOORSTEP_TLS_KEY' : 'DOORSTEP_TLS_CERT');
  }
  const { steps, counters, resyncSteps, resyncCounters } = config.codes.windows;
  if (resyncSteps < steps) yield fault('DOORSTEP_RESYNC_STEPS');
  if (resyncCounters < counters) yield fault('DOORSTEP_RESYNC_COUNTERS');
  if (config.store.kind === 'postgres' && env.DOORSTEP_SEED_KEYS === undefined) yield fault('DOORSTEP_SEED_KEYS');
  if (config.tls === null && !isLoopback(config.listen.host)) {
    yield fault('DOORSTEP_LISTEN', 'Plain HTTP stays on this machine: listen on 127.0.0.1, or set DOORSTEP_TLS_CERT and DOORSTEP_TLS_KEY.');
  }
  if (!URL.canParse(config.origin)) {
    yield fault('DOORSTEP_ORIGIN');
    return;
  }
  const { protocol, hostname } = new URL(config.origin);
  if (protocol === 'http:' && !(hostname === 'localhost' || hostname.endsWith('.localhost'))) {
    yield fault(
      'DOORSTEP_ORIGIN',
      'Use https. Plain http works with the host localhost alone, and keys never work with a bare IP address.',
    );
  }
  if (/^[\d.]+$|^\[/.test(hostname)) yield fault('DOORSTEP_ORIGIN', 'Use a host name: keys never work with a bare IP address.');
  if (hostname !== config.rpId && !hostname.endsWith(`.${config.rpId}`)) yield fault('DOORSTEP_RP_ID');
  if (config.demo !== null && (!isLoopback(config.demo.listen.host) || config.demo.listen.port > 65_535))
    yield fault('DOORSTEP_DEMO_LISTEN');
}
