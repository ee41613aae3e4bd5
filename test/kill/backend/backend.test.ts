/** A few kills; `npm run test:kill` does 300. */
import { expect, it } from 'vitest';
import { killBackend } from './kill-backend.ts';

const KILLS = 5;

it(`the backend, killed ${KILLS} times in the middle of enrollments, codes, approvals and sync, loses nothing and does nothing twice`, async () => {
  const { kills, acknowledged } = await killBackend(KILLS);
  console.log(acknowledged);
  expect(kills).toBe(KILLS);
  expect(Object.values(acknowledged).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0);
});
