import { defineConfig } from 'vitest/config';

const suite = (name: string, extra: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], environment: 'node', ...extra },
});

/** One project a suite, so that each can be run alone: `npx vitest run --project unit`. */
export default defineConfig({
  test: {
    projects: [
      suite('unit'),
      suite('fence', { testTimeout: 60_000 }),
      suite('setup', { testTimeout: 300_000, hookTimeout: 120_000, fileParallelism: false }),
      suite('kill', { testTimeout: 300_000, fileParallelism: false }),
      suite('model', { testTimeout: 300_000, fileParallelism: false }),
      suite('contract', { testTimeout: 60_000, hookTimeout: 120_000 }),
      suite('peers', { testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false }),
      suite('kernel', { testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false }),
    ],
  },
});
