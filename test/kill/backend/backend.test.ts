/** A few kills; `npm run test:kill` does 300 on each store. */
import { expect, it } from 'vitest';
import { killBackend } from './kill-backend.ts';

it.each([
  ['sqlite', 5],
  ['postgres', 3],
] as const)(
  'the backend on %s, killed %i times in the middle of enrollments, codes, approvals and sync, loses nothing and does nothing twice',
  async (dialect, kills) => {
    const { underWay, acknowledged } = await killBackend({ kills, dialect, quiet: false });
    console.log(acknowledged);
    expect(underWay).toEqual({ 'code enrollment': kills, 'code acceptance': kills, approval: kills, sync: kills });
    expect(Object.values(acknowledged).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0);
  },
);
