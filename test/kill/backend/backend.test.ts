/** A few kills of each scenario; `npm run test:kill` does 300 of each. */
import { expect, it } from 'vitest';
import { killBackend, SCENARIOS } from './kill-backend.ts';

const KILLS = 5;

it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  `the backend, killed ${KILLS} times in the middle of %s, loses nothing and does nothing twice`,
  async (_, scenario) => {
    const done = await killBackend(scenario, KILLS);
    expect(done.kills).toBe(KILLS);
    expect(done.acknowledged).toBeGreaterThan(0);
  },
);
