/** The backend as a process: its one line, its files, its signals, its demonstration. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqlite, SQLITE_FILE } from '../../../src/backend/store/sqlite/open-sqlite.ts';
import type { DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import { type BackendProcess, Browser, Desktop, startBackendProcess } from '../../support/backend.ts';
import { enrollCodes, step, wrongCode } from '../../support/codes.ts';
import { seedKeysEnvironment } from '../../support/each-store.ts';
import { metadataBlob, metadataEntry, newAuthority, newLeaf, packedBy } from '../../support/webauthn/attestation-makers.ts';
import { SoftwareKey } from '../../support/webauthn/software-key.ts';

const START = fileURLToPath(new URL('../../../src/backend/start.ts', import.meta.url));
const PEOPLE = ['amina.yusuf', 'tomas.novak', 'li.wei', 'grace.okafor', 'jonas.lindqvist'];

describe('a first run and the next one', () => {
  let first: BackendProcess;
  let second: BackendProcess | null = null;
  let desktop: Desktop;
  beforeAll(async () => {
    first = await startBackendProcess();
  });
  afterAll(async () => {
    await second?.stop();
  });

  it('says once what people need to know', () => {
    expect(first).toMatchObject({ ready: true, demo: { firstRun: true, service: expect.stringMatching(/^http:\/\/localhost:\d+$/) } });
    expect(first.demo?.people.map(({ username }) => username)).toEqual(PEOPLE);
    expect(first.demo?.people.map(({ role }) => role)).toEqual(['person', 'person', 'person', 'desk', 'lab']);
    for (const { password } of first.demo?.people ?? []) expect(password).toMatch(/^[a-z346789]{4}(-[a-z346789]{4}){3}$/);
    expect(first.demo?.pairingCode).toMatch(/^[A-Z346789]{4}-[A-Z346789]{4}$/);
  });

  it('keeps its files to itself, and no secret in them or in the log', () => {
    for (const file of readdirSync(first.folder)) expect(statSync(join(first.folder, file)).mode & 0o077).toBe(0);
    expect(statSync(first.folder).mode & 0o777).toBe(0o700);
    const everything = readdirSync(first.folder)
      .map((file) => readFileSync(join(first.folder, file), 'latin1'))
      .concat(first.log())
      .join('');
    for (const { password } of first.demo?.people ?? []) expect(everything).not.toContain(password);
    expect(everything).not.toContain(first.demo?.pairingCode);
    expect(everything).not.toContain(first.demo?.pairingCode.replace('-', ''));
  });

  it('pairs the app of the first run with its code', async () => {
    desktop = new Desktop(first);
    const paired = await desktop.pair(first.demo?.pairingCode ?? '');
    expect(paired.body).toMatchObject({ person: { username: 'amina.yusuf' }, organization: { name: 'Northmoor University' } });
    expect((await desktop.call<DeviceSnapshot>('deviceSnapshot')).body.authenticators).toMatchObject([{ kind: 'desktop' }]);
  });

  it('stops cleanly on a signal while streams and long polls are open, and goes on where it was', async () => {
    const password = first.demo?.people[0]?.password ?? '';
    const stream = await desktop.events();
    await stream.next();
    const page = await fetch(`${first.demo?.service}/vpn`, { method: 'POST', redirect: 'manual' });
    const polling = fetch(`${first.demo?.service}${page.headers.get('location')}/state`).catch(() => null);
    const started = performance.now();
    expect(await first.stop({ keep: true })).toBe(0);
    expect(performance.now() - started).toBeLessThan(9_000);
    // The request of the VPN was told before the end.
    let event = await stream.next().catch(() => null);
    while (event !== null) event = await stream.next().catch(() => null);
    await polling;
    second = await startBackendProcess({ DOORSTEP_BACKEND_DATA: first.folder });
    expect(second.demo).toMatchObject({ firstRun: false });
    expect(second.demo?.people.every((person) => !('password' in person))).toBe(true);
    expect(second.demo?.pairingCode).not.toBe(first.demo?.pairingCode);
    expect((await new Browser(second).password('amina.yusuf', password)).status).toBe(200);
  });
});

describe('a start that cannot be', () => {
  const run = (environment: Record<string, string>) =>
    spawnSync(process.execPath, [START], {
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...environment },
      encoding: 'utf8',
      timeout: 30_000,
    });

  it('names each fault with its remedy and says nothing on stdout', () => {
    const { status, stdout, stderr } = run({ DOORSTEP_LISTEN: '0.0.0.0:7410', DOORSTEP_ORIGIN: 'http://id.example' });
    expect(status).toBe(78);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/DOORSTEP_LISTEN does not fit\. Plain HTTP stays on this machine/);
    expect(stderr).toMatch(/DOORSTEP_ORIGIN does not fit\. Use https/);
  });

  it('ends with a cause where the database cannot be reached, and keeps its password to itself', () => {
    const { status, stdout, stderr } = run({
      DOORSTEP_DATABASE_URL: 'postgres://doorstep:hunter2@127.0.0.1:1/x',
      ...seedKeysEnvironment(),
    });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/could not start/);
    expect(stderr).not.toContain('hunter2');
  });

  it('says what to do where another program does not let go of the database', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doorstep-held-'));
    await (await openSqlite(folder)).close();
    const other = new Database(join(folder, SQLITE_FILE));
    other.exec('begin immediate');
    const { status, stdout, stderr } = run({ DOORSTEP_BACKEND_DATA: folder });
    other.close();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `The backend could not start: another program keeps ${join(folder, SQLITE_FILE)} locked. End it, then start again.\n`,
    );
    rmSync(folder, { recursive: true, force: true });
  });
});

describe('the demonstration service', () => {
  let backend: BackendProcess;
  let service = '';
  const key = new SoftwareKey();
  let browser: Browser;
  beforeAll(async () => {
    backend = await startBackendProcess();
    service = backend.demo?.service ?? '';
    browser = new Browser(backend);
    await browser.password('amina.yusuf', backend.demo?.people[0]?.password ?? '');
    await browser.enroll(key);
  });
  afterAll(() => backend.stop());
  const post = (path: string, headers: Record<string, string> = { origin: service }) =>
    fetch(`${service}${path}`, { method: 'POST', redirect: 'manual', headers });

  it('shows its page under a strict policy', async () => {
    const response = await fetch(service);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const page = await response.text();
    expect(page).toContain('Connect the VPN as amina.yusuf');
    expect(page).not.toMatch(/<script(?![^>]* src=)|style=| on[a-z]+=/);
    for (const path of ['/demo.css', '/demo.js']) expect((await fetch(`${service}${path}`)).status).toBe(200);
    expect((await fetch(`${service}/nothing`)).status).toBe(404);
  });

  it('sends people to sign in, and believes only what the backend says of its own request', async () => {
    const sent = await post('/sign-in');
    const cookie = sent.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const address = new URL(sent.headers.get('location') ?? '');
    expect(address.origin + address.pathname).toBe(`${backend.origin}/sign-in`);
    const id = address.searchParams.get('challenge') ?? '';
    const early = await fetch(`${service}/returned?challenge=${id}`, { headers: { cookie } });
    expect(await early.text()).toContain('not finished yet');
    const done = await browser.secondStep(key, {}, id);
    const back = done.body.returnTo ?? '';
    const code = new URL(back).searchParams.get('code') ?? '';
    expect(back).toBe(`${service}/returned?challenge=${id}&code=${code}`);
    // The one who began it and had somebody else sign in has the cookie and the id, and is told nothing.
    const without = await fetch(`${service}/returned?challenge=${id}`, { headers: { cookie } });
    expect(without.status).toBe(502);
    expect(await without.text()).not.toContain('Amina');
    expect((await fetch(back)).status).toBe(403);
    expect((await fetch(back, { headers: { cookie: 'doorstep-demo=AAAAAAAAAAAAAAAAAAAAAA' } })).status).toBe(403);
    const page = await (await fetch(back, { headers: { cookie } })).text();
    expect(page).toContain('Amina Yusuf is signed in');
    expect(page).toContain('phishing-resistant');
    expect((await post('/sign-in', { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('asks a named person and waits for the answer from the desktop', async () => {
    const desktop = new Desktop(backend);
    await desktop.pair(((await browser.call('pairingCode')).body as { code: string }).code);
    const page = `${service}${(await post('/vpn')).headers.get('location')}`;
    expect(await (await fetch(page)).text()).toContain('The VPN asks whether this is really amina.yusuf');
    const ended = fetch(`${page}/state`).then((response) => response.json());
    const [challenge] = (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body.challenges;
    expect(challenge).toMatchObject({ serviceName: 'VPN', place: 'Northmoor campus network' });
    expect((await desktop.answer(challenge?.id ?? '', key)).status).toBe(204);
    expect(await ended).toEqual({ state: 'approved' });
    expect(await (await fetch(page)).text()).toContain('VPN: you are signed in');

    const again = `${service}${(await post('/vpn')).headers.get('location')}`;
    const waiting = (await desktop.call<DeviceSnapshot>('deviceSnapshot')).body.challenges[0]?.id ?? '';
    await desktop.decide({ id: waiting, serviceName: 'VPN' }, 'deny');
    expect(await (await fetch(again)).text()).toContain('Nobody was let in');
    const suppressed = await post('/vpn');
    expect(suppressed.status).toBe(502);
    expect(await suppressed.text()).toContain('Too many tries in a short time');
  });
});

describe('a code that is typed at the demonstration service', () => {
  it('is handed on to the backend, which lets in once', async () => {
    const backend = await startBackendProcess();
    const service = backend.demo?.service ?? '';
    const browser = new Browser(backend);
    await browser.password('amina.yusuf', backend.demo?.people[0]?.password ?? '');
    const giver = await enrollCodes(browser, Date.now());
    const post = (path: string, body = '', origin = service) =>
      fetch(`${service}${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
    const place = (await post('/vpn')).headers.get('location') ?? '';
    expect(await (await fetch(`${service}${place}`)).text()).toContain('<label for="code">Or type a code</label>');
    const wrong = await post(`${place}/code`, `code=${wrongCode(giver, step(giver, Date.now()))}`);
    expect(wrong.status).toBe(403);
    expect(await wrong.text()).toContain('<p role="alert">That code did not work. Wait for a new one, then type that.</p>');
    const right = `code=${giver.at(step(giver, Date.now()) + 1).replace(/(...)/, '$1+')}`;
    expect((await post(`${place}/code`, right, 'https://evil.example')).status).toBe(403);
    const done = await post(`${place}/code`, right);
    expect([done.status, done.headers.get('location')]).toEqual([303, place]);
    const page = await (await fetch(`${service}${place}`)).text();
    expect(page).toContain('VPN: you are signed in');
    expect(page).toContain('other-device');
    const again = (await post('/vpn')).headers.get('location') ?? '';
    expect((await post(`${again}/code`, right)).status).toBe(403);
    await backend.stop();
  });
});

describe('trust in makers, from files', () => {
  const root = newAuthority('Root');
  const aaguid = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
  const dashed = '00112233-4455-6677-8899-aabbccddeeff';
  const leaf = newLeaf(root, { aaguid });
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-trust-'));
  const data = join(folder, 'data');
  const pem = (der: Buffer): string =>
    `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
  const rootFile = join(folder, 'root.pem');
  const blobFile = join(folder, 'blob.jwt');
  writeFileSync(rootFile, pem(root.certificate));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts on the same data, enrolls a key of the model, and says what comes of it. */
  async function enroll(
    environment: Record<string, string>,
    person: string,
    passwords: Map<string, string>,
  ): Promise<{ answer: unknown; log: string }> {
    const backend = await startBackendProcess({ DOORSTEP_BACKEND_DATA: data, ...environment });
    for (const { username, password } of backend.demo?.people ?? []) if (password !== undefined) passwords.set(username, password);
    const browser = new Browser(backend);
    await browser.password(person, passwords.get(person) ?? '');
    const { body } = await browser.enroll(new SoftwareKey({ aaguid, attest: packedBy(leaf, [leaf.certificate]) }));
    await backend.stop({ keep: true });
    return { answer: body, log: backend.log() };
  }

  it('is shown, stays where it was, never goes back, and is said to be stale', async () => {
    const passwords = new Map<string, string>();
    const metadata = { DOORSTEP_METADATA_BLOB: blobFile, DOORSTEP_METADATA_ROOT: rootFile };
    const write = (no: number, status?: string, nextUpdate?: string): void =>
      writeFileSync(
        blobFile,
        metadataBlob(
          { no, entries: [metadataEntry(dashed, [root.certificate], status)], ...(nextUpdate === undefined ? {} : { nextUpdate }) },
          leaf,
          [leaf.certificate],
        ),
      );
    const result = async (environment: Record<string, string>, person: string): Promise<[unknown, string]> => {
      const { answer, log } = await enroll(environment, person, passwords);
      const { authenticator, code } = answer as { authenticator?: { attestation: string; model: string | null }; code?: string };
      return [code ?? `${authenticator?.attestation} ${authenticator?.model}`, log];
    };
    expect((await result({}, 'amina.yusuf'))[0]).toBe('unverified null');
    expect((await result({ DOORSTEP_ATTESTATION_ROOTS: rootFile }, 'tomas.novak'))[0]).toBe('verified null');
    write(7, undefined, '2020-01-01');
    const [stale, log] = await result(metadata, 'li.wei');
    expect(stale).toBe('verified Northmoor Token 5');
    expect(log).toContain('metadata-stale');
    write(8, 'REVOKED');
    expect((await result(metadata, 'grace.okafor'))[0]).toBe('attestation.refused');
    write(7);
    const [older, why] = await result(metadata, 'jonas.lindqvist');
    expect(older).toBe('unverified null');
    expect(why).toContain('older-than-before');
  }, 120_000);
});
