/**
 * What the backend says of a connection is proved with the key that the computer got when it was connected: its next
 * generation, and its end. Read by another implementation of JOSE.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, importJWK } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import { DoorstepError } from '../../../src/contract/errors.ts';
import type { PairingCode } from '../../../src/contract/http/shapes.ts';
import { provenRemoval, requireProven } from '../../../src/main/sync/backend-word.ts';
import { type ApiAnswer, type Desktop, problemOf } from '../../support/backend.ts';
import { type BackendHere, startBackendHere } from '../../support/backend-here.ts';
import { onEachStore } from '../../support/each-store.ts';
import { codeOf, Household } from '../../support/household.ts';

onEachStore('the word of the backend', (_dialect, environment) => {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-ends-'));
  let on: Record<string, string>;
  let backend: BackendHere;
  let house: Household;

  beforeAll(async () => {
    on = { ...(await environment()), DOORSTEP_BACKEND_DATA: folder, DOORSTEP_ORIGIN: 'http://localhost:8443' };
    backend = await startBackendHere({ environment: on });
    house = await Household.open(backend, 'amina');
  });
  afterAll(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A new desktop, and the key that it got. */
  const connected = async (): Promise<{ desktop: Desktop; key: string }> => {
    const desktop = house.stranger();
    const { code } = (await (await house.signedIn()).call<PairingCode>('pairingCode')).body;
    const { backendKey = '' } = (await desktop.pair(code)).body;
    const welcome = (await desktop.hello()).body;
    expect(welcome.backendKey).toBe(backendKey);
    return { desktop, key: backendKey };
  };
  const statementOf = (answer: ApiAnswer): string => String(problemOf(answer).facts['statement']);
  const read = async (statement: string, key: string, typ = 'doorstep-end+jwt'): Promise<unknown> => {
    const { payload, protectedHeader } = await compactVerify(statement, await importJWK({ kty: 'OKP', crv: 'Ed25519', x: key }, 'EdDSA'), {
      algorithms: ['EdDSA'],
    });
    expect(protectedHeader).toEqual({ alg: 'EdDSA', typ });
    return JSON.parse(new TextDecoder().decode(payload));
  };
  const remove = async ({ deviceId }: Desktop, wipe: string): Promise<void> => {
    const answer = await (await house.signedIn()).call('removeAuthenticator', { params: { id: deviceId }, query: `?wipe=${wipe}` });
    expect(codeOf(answer)).toBe(204);
  };

  it('names each generation to whoever shows the one before', async () => {
    const { desktop, key } = await connected();
    for (let time = 0; time < 3; time += 1) {
      const after = desktop.generation;
      const { statement = '', generation } = (await desktop.hello()).body;
      expect(await read(statement, key, 'doorstep-welcome+jwt')).toEqual({ sub: desktop.deviceId, after, generation });
      const to = { deviceId: desktop.deviceId, backendKey: key };
      expect(() => requireProven(to, { statement, generation, after })).not.toThrow();
      expect(() => requireProven(to, { statement, generation, after: newId() })).toThrow('backend.not-proven');
    }
  });

  it.each(['everything', 'doorstep'])('that it ended is proved where it was removed, with how much it is to forget: %s', async (wipe) => {
    const { desktop, key } = await connected();
    await remove(desktop, wipe);
    for (const answer of [await desktop.hello(), await desktop.call('deviceSnapshot')]) {
      expect(await read(statementOf(answer), key)).toEqual({ sub: desktop.deviceId, code: 'device.removed', wipe });
      // The app reads it so too.
      const failure = new DoorstepError('device.removed', problemOf(answer).facts);
      const to = { deviceId: desktop.deviceId, backendKey: key };
      expect(provenRemoval(failure, to)).toEqual({ because: 'removed', wiped: wipe });
      expect(provenRemoval(failure, { ...to, deviceId: newId() })).toBeNull();
    }
  });

  it('that it ended is proved where its key was used from a copy, to whoever notices it and from then on', async () => {
    const { desktop, key } = await connected();
    await desktop.call('deviceSnapshot');
    const copy = desktop.copy();
    for (let time = 0; time < 2; time += 1) {
      await desktop.hello();
      backend.clock.advance(60_000);
    }
    for (const answer of [await copy.hello(), await desktop.call('deviceSnapshot')]) {
      expect(await read(statementOf(answer), key)).toEqual({ sub: desktop.deviceId, code: 'device.copied', wipe: 'doorstep' });
    }
  });

  it('that it ended is proved where nobody knows of it, and nothing but an id is signed', async () => {
    const { desktop, key } = await connected();
    const nobody = desktop.copy();
    nobody.deviceId = newId();
    expect(await read(statementOf(await nobody.hello()), key)).toEqual({ sub: nobody.deviceId, code: 'device.unknown', wipe: 'doorstep' });
    for (const odd of ['', 'short', `${newId()}x`, `${newId().slice(2)}{}`]) {
      nobody.deviceId = odd;
      const problem = problemOf(await nobody.hello());
      expect(problem.code).toBe('device.unknown');
      expect(problem.facts).not.toHaveProperty('statement');
    }
  });

  it('that it ended is proved to nobody else, and while it stands to nobody at all', async () => {
    const { desktop } = await connected();
    const thief = house.stranger();
    thief.deviceId = desktop.deviceId;
    expect(problemOf(await thief.hello())).toMatchObject({ code: 'device.signature-wrong', facts: {} });
    await remove(desktop, 'everything');
    expect(problemOf(await thief.hello())).toMatchObject({ code: 'device.signature-wrong', facts: {} });
  });

  it('has one key, which a restart keeps and no other installation has', async () => {
    const { desktop, key } = await connected();
    await remove(desktop, 'doorstep');
    const statement = statementOf(await desktop.hello());
    await backend.stop();
    backend = await startBackendHere({ environment: on });
    const again = desktop.at(backend);
    again.now = () => backend.clock.now();
    expect(statementOf(await again.hello())).toBe(statement);
    house = await Household.open(backend, 'again');
    expect((await connected()).key).toBe(key);
    const foreign = await startBackendHere();
    const theirs = await (await Household.open(foreign, 'amina')).desktop();
    expect((await theirs.hello()).body.backendKey).not.toBe(key);
    await foreign.stop();
  });
});
