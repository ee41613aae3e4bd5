/** Processes that start at the same moment on a place where no store has been yet: each of them has it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import type { Opening } from '../../../support/opener.ts';

const TOGETHER = 2;
const ROUNDS = 20;

describe('a store of SQLite that is not there yet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-opening-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(`is opened by ${TOGETHER} at once`, { timeout: 60_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const gate = new Int32Array(new SharedArrayBuffer(4)).fill(TOGETHER);
      const workerData: Opening = { folder: join(folder, String(round)), gate };
      const openers = Array.from(
        { length: TOGETHER },
        () => new Worker(new URL('../../../support/opener.ts', import.meta.url), { workerData }),
      );
      const said = openers.map((opener) => {
        return new Promise((resolve, reject) => {
          opener.once('message', resolve);
          opener.once('error', reject);
        });
      });
      try {
        expect(await Promise.all(said)).toEqual(Array(TOGETHER).fill('open'));
      } finally {
        await Promise.all(openers.map((opener) => opener.terminate()));
      }
    }
  });
});
