/**
 * Random histories of requests, approvals, codes, spare codes, enrollments, removals and a desktop's changes on the real
 * domain and store, each answer compared with a model of what may and what must be: the invariants (invariants.ts) hold, what
 * is due is answered, each decision leaves one record. `npm run test:model` runs 100,000 of them.
 */
import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';
import { FAULTS, type Fault } from './faults.ts';

const HISTORIES = Number(process.env['DOORSTEP_MODEL_HISTORIES'] ?? 400);

describe('the model', () => {
  it(`agrees with ${HISTORIES} histories`, async () => {
    const { violation, seed, acts } = await explore({ histories: HISTORIES });
    console.log(`${HISTORIES} histories with ${acts} acts, seed ${seed}`);
    expect(violation, JSON.stringify(violation, null, 1)).toBeNull();
  });

  it.each(Object.keys(FAULTS) as Fault[])('finds that %s', async (fault) => {
    const { violation } = await explore({ histories: 3_000, fault, shrink: false });
    expect(violation).not.toBeNull();
  });
});
