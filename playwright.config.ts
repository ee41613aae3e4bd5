import { defineConfig } from '@playwright/test';

/** `pages`: Debian's Chromium against the backend. `app`: the real Electron; `kill-app` kills it. All through `npm test`. */
export default defineConfig({
  testDir: 'test',
  outputDir: 'test-results/playwright',
  timeout: 120_000,
  expect: { timeout: 15_000 },
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: [['list'], ['json']],
  projects: [
    { name: 'pages', testDir: 'test/e2e/pages' },
    { name: 'app', testDir: 'test/e2e/app' },
    { name: 'kill-app', testDir: 'test/kill/app' },
  ],
});
