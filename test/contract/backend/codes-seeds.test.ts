/** Seeds at rest: sealed with a key that is not in the database, which is changed while the backend runs. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/backend/domain/audit.ts';
import { makeKeyFile, newSeedKey, readKeyFile, writeKeyFile } from '../../../src/backend/seeds/key-file.ts';
import { forgetSeedKeys, prepareSeedKey, rotateSeedKey } from '../../../src/backend/seeds/rotate.ts';
import type { SpareCodes } from '../../../src/contract/http/codes.ts';
import type { DeviceSnapshot, PairingCode } from '../../../src/contract/http/shapes.ts';
import { decodeBase32 } from '../../../src/oath/base32.ts';
import { type BackendProcess, Browser, Desktop, problemOf, startBackendProcess } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { enrollCodes, type Giver, step } from '../../support/codes.ts';
import { onEachStore, seedKeysEnvironment } from '../../support/each-store.ts';

const MINUTE = 60_000;
const START = fileURLToPath(new URL('../../../src/backend/start.ts', import.meta.url));
const ROTATE = fileURLToPath(new URL('../../../src/backend/rotate-seed-key.ts', import.meta.url));

onEachStore('a new seed key', (_dialect, environment) => {
  let backend: BackendHere;
  let file = '';
  const givers: Giver[] = [];
  let spare: SpareCodes;
  const signIn = async (typed: string, name: 'codeStep' | 'spareCodeStep' = 'codeStep'): Promise<number> => {
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    return (await browser.call(name, { body: { code: typed } })).status;
  };
  const place = () => ({ file, store: backend.domain.store, now: backend.clock.now() });

  beforeAll(async () => {
    const keys = seedKeysEnvironment();
    file = keys['DOORSTEP_SEED_KEYS'] ?? '';
    backend = await startBackendHere({ environment: { ...(await environment()), ...keys } });
    await backend.addPerson('amina', 'secret');
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    for (let index = 0; index < 3; index += 1) givers.push(await enrollCodes(browser, backend.clock.now()));
    spare = (await browser.call<SpareCodes>('spareCodes')).body;
  });
  afterAll(() => backend.stop());

  it('seals everything anew while people go on signing in, and the old one may be forgotten then', async () => {
    const [old] = readKeyFile(file);
    backend.clock.advance(MINUTE);
    const [rotated, ...answers] = await Promise.all([
      rotateSeedKey(place()),
      ...givers.map((giver) => signIn(giver.at(step(giver, backend.clock.now())))),
      signIn(spare.codes[0] ?? '', 'spareCodeStep'),
    ]);
    expect(answers).toEqual([200, 200, 200, 200]);
    // Three sources of codes, and the secret of the spare codes.
    expect(rotated.resealed).toBe(4);
    expect(readKeyFile(file).map(({ id }) => id)).toEqual([old?.id, rotated.id]);
    await expect(forgetSeedKeys(place())).rejects.toMatchObject({ code: 'request.rate-limited' });
    backend.clock.advance(2 * MINUTE);
    expect(await forgetSeedKeys(place())).toEqual([old?.id]);
    expect(await forgetSeedKeys(place())).toEqual([]);
    backend.clock.advance(MINUTE);
    for (const giver of givers) expect(await signIn(giver.at(step(giver, backend.clock.now())))).toBe(200);
    expect(await signIn(spare.codes[1] ?? '', 'spareCodeStep')).toBe(200);
    const stored = JSON.stringify([...(await backend.domain.store.read.codes.sealedOtherwise(rotated.id, 100))]);
    expect(stored).toBe('[]');
  });

  it('may be prepared on every machine first', async () => {
    const prepared = await prepareSeedKey(place());
    expect(await prepareSeedKey(place())).toBe(prepared);
    expect(await backend.domain.store.read.codes.sealedOtherwise(prepared, 100)).toHaveLength(3);
    backend.clock.advance(60 * MINUTE);
    expect((await rotateSeedKey(place())).id).toBe(prepared);
    // However long ago it was prepared: it seals only since now.
    await expect(forgetSeedKeys(place())).rejects.toMatchObject({ code: 'request.rate-limited' });
    expect(await backend.domain.store.read.codes.sealedOtherwise(prepared, 100)).toHaveLength(0);
  });

  it('is in the trail, and no key is', async () => {
    const rows = await backend.domain.store.read.audit.list(1, 10_000);
    expect(verifyChain(rows).ok).toBe(true);
    expect(rows.filter(({ event }) => event === 'seed-key.added')).toHaveLength(2);
    expect(rows.filter(({ event }) => event === 'seed-key.forgotten')).toHaveLength(1);
    const everything = JSON.stringify(rows);
    for (const { key } of readKeyFile(file)) expect(everything).not.toContain(key.export().toString('base64url'));
  });

  it('that is missing refuses the code and says so to the administrator alone', async () => {
    backend.clock.advance(MINUTE);
    const [first, giver] = givers;
    expect(await signIn(first?.at(step(first, backend.clock.now())) ?? '')).toBe(200);
    const kept = `${file}.kept`;
    renameSync(file, kept);
    writeKeyFile(file, [newSeedKey(backend.clock.now())]);
    const browser = new Browser(backend);
    await browser.password('amina', 'secret');
    // What this process has read still opens; a new seed cannot be sealed with a key that may not be the one.
    expect((await browser.call('codeStep', { body: { code: giver?.at(step(giver, backend.clock.now())) } })).status).toBe(200);
    rmSync(file);
    const refused = await browser.call('codeEnrollment');
    expect([refused.status, problemOf(refused).code]).toEqual([503, 'code.seed-key-missing']);
    renameSync(kept, file);
    expect((await browser.call('codeEnrollment')).status).toBe(201);
  });
});

describe('a copy of the database', () => {
  let backend: BackendProcess;
  let giver: Giver;
  let spare: SpareCodes;
  const typed: string[] = [];
  const copy = mkdtempSync(join(tmpdir(), 'doorstep-copy-'));
  beforeAll(async () => {
    backend = await startBackendProcess({ DOORSTEP_LOG_LEVEL: 'debug' });
    const browser = new Browser(backend);
    await browser.password('amina.yusuf', backend.demo?.people[0]?.password ?? '');
    giver = await enrollCodes(browser, Date.now());
    typed.push(giver.at(step(giver, Date.now())), '123456', giver.at(step(giver, Date.now()) + 1));
    for (const code of typed.slice(1)) await browser.call('codeStep', { body: { code } });
    spare = (await browser.call<SpareCodes>('spareCodes')).body;
    await browser.call('spareCodeStep', { body: { code: spare.codes[0] } });
    await browser.call('spareCodeStep', { body: { code: 'ABCDEFG-ABCDEFG' } });
    await backend.stop({ keep: true });
    cpSync(backend.folder, copy, { recursive: true });
  });
  afterAll(() => {
    for (const folder of [backend.folder, copy]) rmSync(folder, { recursive: true, force: true });
  });

  it('reveals no seed, no code and no spare code without the file of keys, and the log none with it', () => {
    const seed = Buffer.from(decodeBase32(giver.enrollment.secret));
    const database = readdirSync(copy).filter((name) => name !== 'seed-keys');
    expect(database).toContain('doorstep.sqlite');
    const everything = database.map((name) => readFileSync(join(copy, name), 'latin1')).join('') + backend.log();
    const [key] = readKeyFile(join(copy, 'seed-keys'));
    const secrets = [
      seed.toString('latin1'),
      seed.toString('hex'),
      seed.toString('base64url'),
      seed.toString('base64'),
      giver.enrollment.secret,
      giver.enrollment.link,
      key?.key.export().toString('base64url') ?? '',
      key?.key.export().toString('latin1') ?? '',
      ...spare.codes,
      ...spare.codes.map((code) => code.replace('-', '')),
    ];
    for (const secret of secrets) expect(everything.includes(secret)).toBe(false);
    // Six digits may stand anywhere by chance; in the log they would stand alone.
    for (const code of typed) expect(backend.log()).not.toMatch(new RegExp(`\\b${code}\\b`));
  });

  it('does not start without its key, with another one, or with one that others may read; with it, it goes on', async () => {
    const run = () =>
      spawnSync(process.execPath, [START], {
        env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), DOORSTEP_BACKEND_DATA: copy, DOORSTEP_LISTEN: '127.0.0.1:1' },
        encoding: 'utf8',
        timeout: 30_000,
      });
    const file = join(copy, 'seed-keys');
    const whole = readFileSync(file);
    rmSync(file);
    const absent = run();
    expect([absent.status, absent.stdout]).toEqual([78, '']);
    expect(absent.stderr).toContain(
      `DOORSTEP_SEED_KEYS does not fit. The key that seals the seeds is missing. The file is not there.\nFile: ${file}\n`,
    );
    expect(absent.stderr).toContain('Put the file that DOORSTEP_SEED_KEYS names back, then start again.');
    makeKeyFile(file, Date.now());
    expect(run().stderr).toContain('The file does not have the key that this database is sealed with. (key ');
    writeFileSync(file, whole, { mode: 0o600 });
    writeFileSync(join(copy, 'wide'), whole, { mode: 0o644 });
    renameSync(join(copy, 'wide'), file);
    expect(run().stderr).toContain('Other accounts may read the file: take that away with chmod 600.');
    rmSync(file);
    writeFileSync(file, whole, { mode: 0o600 });
    const again = await startBackendProcess({ DOORSTEP_BACKEND_DATA: copy });
    expect(again.ready).toBe(true);
    await again.stop({ keep: true });
  }, 60_000);
});

describe('the program that changes the key', () => {
  it('works beside a backend that runs on the same file, and says what comes next', async () => {
    const backend = await startBackendProcess();
    const run = (...words: string[]) =>
      spawnSync(process.execPath, [ROTATE, ...words], { env: { ...backend.environment }, encoding: 'utf8', timeout: 30_000 });
    const browser = new Browser(backend);
    await browser.password('amina.yusuf', backend.demo?.people[0]?.password ?? '');
    const giver = await enrollCodes(browser, Date.now());
    const desktop = new Desktop(backend);
    await desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code);
    const done = run();
    expect([done.status, done.stderr]).toEqual([0, '']);
    // The person's, and the two secrets of the installation that a connected computer needs.
    expect(done.stdout).toMatch(/^Key [\w-]{11} seals from now on; 3 seeds were sealed with it\./);
    const another = await enrollCodes(desktop, Date.now());
    expect((await desktop.call<DeviceSnapshot>('deviceSnapshot')).body.authenticators.map(({ id }) => id)).toContain(another.id);
    const answer = await browser.call('codeStep', { body: { code: giver.at(step(giver, Date.now()) + 1) } });
    expect(answer.status).toBe(200);
    expect(run('forget').stderr).toContain('Wait a little');
    expect(run('anything')).toMatchObject({ status: 64 });
    await backend.stop();
  }, 60_000);
});
