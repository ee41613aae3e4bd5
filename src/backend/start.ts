/** `node src/backend/start.ts`: reads the environment, starts the backend, says so in one line, stops on a signal. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createLogger, startBackend } from './backend.ts';
import { readConfig } from './config.ts';
import { seedFault } from './seeds/fault-words.ts';

const BAD_CONFIGURATION = 78;
const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

async function main(): Promise<void> {
  // Whatever is written, a database and its logs above all, is for this account alone.
  process.umask(0o077);
  const outcome = readConfig(process.env, projectFolder);
  if (!outcome.ok) {
    for (const { variable, remedy } of outcome.faults) process.stderr.write(`${variable} does not fit. ${remedy}\n`);
    process.exit(BAD_CONFIGURATION);
  }
  // It may hold a password; nothing that this process starts needs it.
  delete process.env['DOORSTEP_DATABASE_URL'];
  const logger = createLogger(outcome.config.logLevel);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const backend = await startBackend({ config: outcome.config, version, logger });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    backend.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.stdout.write(`${JSON.stringify({ ready: true, origin: backend.origin, demo: backend.demo })}\n`);
}

main().catch((error: unknown) => {
  const fault = seedFault(error);
  if (fault !== null) {
    process.stderr.write(`DOORSTEP_SEED_KEYS does not fit. ${fault}\n`);
    process.exit(BAD_CONFIGURATION);
  }
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The backend could not start: ${text}\n`);
  process.exit(1);
});
