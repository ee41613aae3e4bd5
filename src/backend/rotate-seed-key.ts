/**
 * `node src/backend/rotate-seed-key.ts [prepare|forget]`: a new key for the seeds, while the backend runs. It reads the same
 * environment as the backend.
 */
import { fileURLToPath } from 'node:url';
import { DoorstepError, ERRORS } from '../contract/errors.ts';
import { readConfig } from './config.ts';
import { openStore } from './open-store.ts';
import { seedFault } from './seeds/fault-words.ts';
import { forgetSeedKeys, prepareSeedKey, rotateSeedKey, type SeedPlace } from './seeds/rotate.ts';

const BAD_USE = 64;
const BAD_CONFIGURATION = 78;
const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

type Work = (place: SeedPlace) => Promise<string>;

const WORK: Readonly<Record<string, Work>> = {
  async rotate(place) {
    const { id, resealed } = await rotateSeedKey(place);
    return `Key ${id} seals from now on; ${resealed} seeds were sealed with it. Back the file up. The keys before go with: forget`;
  },
  prepare: async (place) => `Key ${await prepareSeedKey(place)} is prepared. Copy the file to every machine, then run this without a word.`,
  async forget(place) {
    const ids = await forgetSeedKeys(place);
    return ids.length === 0
      ? 'There was nothing to forget.'
      : `Forgotten: ${ids.join(', ')}. Seeds in older copies of the database do not open any more.`;
  },
};

async function main(): Promise<number> {
  process.umask(0o077);
  const [word = 'rotate', ...rest] = process.argv.slice(2);
  const work = rest.length === 0 && Object.hasOwn(WORK, word) ? WORK[word] : undefined;
  if (work === undefined) {
    process.stderr.write('Write nothing to rotate, or one of: prepare, forget.\n');
    return BAD_USE;
  }
  const outcome = readConfig(process.env, projectFolder);
  if (!outcome.ok) {
    for (const { variable, remedy } of outcome.faults) process.stderr.write(`${variable} does not fit. ${remedy}\n`);
    return BAD_CONFIGURATION;
  }
  const store = await openStore(outcome.config, () => undefined);
  try {
    process.stdout.write(`${await work({ file: outcome.config.seedKeysFile, store, now: Date.now() })}\n`);
    return 0;
  } finally {
    await store.close();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const fault = seedFault(error);
    const words = error instanceof DoorstepError ? `${ERRORS[error.code].title} ${ERRORS[error.code].remedy}` : String(error);
    process.stderr.write(`${fault ?? words}\n`);
    process.exit(fault === null ? 1 : BAD_CONFIGURATION);
  },
);
