import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/backend/config.ts';
import { defaultPolicy } from '../../../src/backend/domain/policy.ts';

const read = (environment: Record<string, string>) => readConfig({ HOME: '/home/x', XDG_DATA_HOME: '/data', ...environment }, '/project');
const config = (environment: Record<string, string> = {}) => {
  const outcome = read(environment);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.faults));
  return outcome.config;
};
const faulty = (environment: Record<string, string>): string[] => {
  const outcome = read(environment);
  return outcome.ok ? [] : outcome.faults.map(({ variable }) => variable);
};

describe('the configuration', () => {
  it('starts on loopback with SQLite, and enrolls nobody by the password alone', () => {
    expect(config()).toMatchObject({
      store: { kind: 'sqlite', folder: '/data/doorstep-backend' },
      listen: { host: '127.0.0.1', port: 7410 },
      origin: 'http://localhost:7410',
      rpId: 'localhost',
      tls: null,
      trustedProxies: [],
      firstEnrollment: 'claim-code',
      approvals: { allowed: true, sameDevice: true, digits: 6 },
      metadata: null,
      web: '/project/dist/web',
      demo: null,
    });
  });

  it('reads what it is given', () => {
    expect(
      config({
        DOORSTEP_DATABASE_URL: 'postgres://u@db/doorstep',
        DOORSTEP_SEED_KEYS: '/etc/doorstep/seed-keys',
        DOORSTEP_LISTEN: '[::1]:8443',
        DOORSTEP_ORIGIN: 'https://Login.Northmoor.example:443',
        DOORSTEP_RP_ID: 'northmoor.example',
        DOORSTEP_TLS_CERT: '/c.pem',
        DOORSTEP_TLS_KEY: '/k.pem',
        DOORSTEP_TRUSTED_PROXIES: '10.0.0.1, 10.1.0.0/16',
        DOORSTEP_DEMO: '1',
      }),
    ).toMatchObject({
      store: { kind: 'postgres', address: 'postgres://u@db/doorstep' },
      listen: { host: '::1', port: 8443 },
      seedKeysFile: '/etc/doorstep/seed-keys',
      origin: 'https://login.northmoor.example',
      rpId: 'northmoor.example',
      tls: { certFile: '/c.pem', keyFile: '/k.pem' },
      trustedProxies: ['10.0.0.1', '10.1.0.0/16'],
      organization: 'Northmoor University',
      firstEnrollment: 'password',
      demo: { listen: { host: '127.0.0.1', port: 7411 } },
    });
    expect(config({ DOORSTEP_DEMO: '1', DOORSTEP_FIRST_ENROLLMENT: 'claim-code' }).firstEnrollment).toBe('claim-code');
    expect(config({ DOORSTEP_APPROVALS: 'off' }).approvals.allowed).toBe(false);
    expect(config({ DOORSTEP_APPROVALS: 'other-device', DOORSTEP_APPROVAL_DIGITS: '4' }).approvals).toEqual({
      allowed: true,
      sameDevice: false,
      digits: 4,
    });
    expect(config().codes).toEqual({ allowed: true, windows: defaultPolicy.codes.windows });
    expect(
      config({
        DOORSTEP_CODES: 'off',
        DOORSTEP_CODE_STEPS: '10',
        DOORSTEP_CODE_COUNTERS: '100',
        DOORSTEP_RESYNC_STEPS: '120',
        DOORSTEP_RESYNC_COUNTERS: '10000',
      }).codes,
    ).toEqual({ allowed: false, windows: { steps: 10, counters: 100, resyncSteps: 120, resyncCounters: 10_000, longestDrift: 120 } });
    const least = { DOORSTEP_CODE_STEPS: '0', DOORSTEP_CODE_COUNTERS: '0', DOORSTEP_RESYNC_STEPS: '0', DOORSTEP_RESYNC_COUNTERS: '0' };
    expect(config(least).codes.windows).toMatchObject({ steps: 0, counters: 0, resyncSteps: 0, resyncCounters: 0 });
    expect(config({ DOORSTEP_ORIGIN: '' }).origin).toBe('http://localhost:7410');
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['an address without a port', { DOORSTEP_LISTEN: '127.0.0.1' }, ['DOORSTEP_LISTEN']],
    ['a port beyond the last', { DOORSTEP_LISTEN: '127.0.0.1:70000' }, ['DOORSTEP_LISTEN']],
    ['plain HTTP on the network', { DOORSTEP_LISTEN: '0.0.0.0:7410' }, ['DOORSTEP_LISTEN']],
    ['plain HTTP on every IPv6 address', { DOORSTEP_LISTEN: '[::]:7410' }, ['DOORSTEP_LISTEN']],
    ['an origin with a path', { DOORSTEP_ORIGIN: 'https://id.example/' }, ['DOORSTEP_ORIGIN']],
    ['plain http elsewhere', { DOORSTEP_ORIGIN: 'http://id.example' }, ['DOORSTEP_ORIGIN']],
    ['plain http at a bare address', { DOORSTEP_ORIGIN: 'http://127.0.0.1:7410' }, ['DOORSTEP_ORIGIN', 'DOORSTEP_ORIGIN']],
    ['a bare address', { DOORSTEP_ORIGIN: 'https://192.0.2.1' }, ['DOORSTEP_ORIGIN']],
    [
      'an RP ID that the origin does not end in',
      { DOORSTEP_ORIGIN: 'https://id.example', DOORSTEP_RP_ID: 'd.example' },
      ['DOORSTEP_RP_ID'],
    ],
    ['an RP ID below the origin', { DOORSTEP_ORIGIN: 'https://id.example', DOORSTEP_RP_ID: 'x.id.example' }, ['DOORSTEP_RP_ID']],
    ['a certificate without a key', { DOORSTEP_TLS_CERT: '/c.pem' }, ['DOORSTEP_TLS_CERT']],
    ['a key without a certificate', { DOORSTEP_TLS_KEY: '/k.pem' }, ['DOORSTEP_TLS_KEY']],
    ['another database', { DOORSTEP_DATABASE_URL: 'mysql://x' }, ['DOORSTEP_DATABASE_URL']],
    ['PostgreSQL without a file of seed keys', { DOORSTEP_DATABASE_URL: 'postgres://u@db/doorstep' }, ['DOORSTEP_SEED_KEYS']],
    ['codes that are neither', { DOORSTEP_CODES: 'yes' }, ['DOORSTEP_CODES']],
    ['more steps than any clock needs', { DOORSTEP_CODE_STEPS: '11' }, ['DOORSTEP_CODE_STEPS']],
    ['half a step', { DOORSTEP_CODE_STEPS: '0.5' }, ['DOORSTEP_CODE_STEPS']],
    ['fewer counters than none', { DOORSTEP_CODE_COUNTERS: '-1' }, ['DOORSTEP_CODE_COUNTERS']],
    ['more counters than any pocket presses', { DOORSTEP_CODE_COUNTERS: '101' }, ['DOORSTEP_CODE_COUNTERS']],
    ['a resynchronization beyond the longest drift', { DOORSTEP_RESYNC_STEPS: '121' }, ['DOORSTEP_RESYNC_STEPS']],
    ['a resynchronization without end', { DOORSTEP_RESYNC_COUNTERS: '10001' }, ['DOORSTEP_RESYNC_COUNTERS']],
    ['a resynchronization in words', { DOORSTEP_RESYNC_COUNTERS: 'all' }, ['DOORSTEP_RESYNC_COUNTERS']],
    [
      'resynchronizations that are nearer than the windows',
      { DOORSTEP_CODE_STEPS: '2', DOORSTEP_RESYNC_STEPS: '1', DOORSTEP_RESYNC_COUNTERS: '9' },
      ['DOORSTEP_RESYNC_STEPS', 'DOORSTEP_RESYNC_COUNTERS'],
    ],
    ['proxies by name', { DOORSTEP_TRUSTED_PROXIES: 'proxy.example' }, ['DOORSTEP_TRUSTED_PROXIES']],
    ['an unknown policy', { DOORSTEP_FIRST_ENROLLMENT: 'anything' }, ['DOORSTEP_FIRST_ENROLLMENT']],
    ['approvals of no kind', { DOORSTEP_APPROVALS: 'yes' }, ['DOORSTEP_APPROVALS']],
    ['a number of one digit', { DOORSTEP_APPROVAL_DIGITS: '1' }, ['DOORSTEP_APPROVAL_DIGITS']],
    ['a demonstration for the network', { DOORSTEP_DEMO: '1', DOORSTEP_DEMO_LISTEN: '0.0.0.0:7411' }, ['DOORSTEP_DEMO_LISTEN']],
    ['several faults at once', { DOORSTEP_DEMO: 'yes', DOORSTEP_LISTEN: 'x' }, ['DOORSTEP_LISTEN', 'DOORSTEP_DEMO']],
  ])('refuses %s and says what to write', (_name, environment, variables) => {
    expect(faulty(environment)).toEqual(variables);
    const outcome = read(environment);
    for (const { remedy } of outcome.ok ? [] : outcome.faults) expect(remedy).toMatch(/\.|:/);
  });
});
