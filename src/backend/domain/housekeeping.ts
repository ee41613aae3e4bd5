import { expireChallenges } from './challenges/expire-challenges.ts';
import { HOUR } from './clock.ts';
import type { Domain } from './domain.ts';

const DAY = 24 * HOUR;
/** Far longer than any desktop that comes back keeps a change whose answer it has not heard. */
const CHANGES_KEPT = 400 * DAY;

/** Ends requests whose time is over, so that whoever shows them hears of it. */
export async function expireDue(domain: Domain): Promise<void> {
  const now = domain.clock.now();
  // Looked at first: a store where nothing happens is not written to.
  if (await domain.store.read.challenges.anyOver(now)) await domain.store.transaction((tx) => expireChallenges(tx, now));
}

/** Clears away what nobody can use any more. The trail and the counters that lock are kept. */
export async function clearAway(domain: Domain): Promise<void> {
  const now = domain.clock.now();
  await domain.store.transaction(async (tx) => {
    await tx.ceremonies.removeExpired(now - HOUR);
    await tx.codeEnrollments.removeExpired(now);
    await tx.pairing.removeExpired(now - HOUR);
    await tx.replays.removeExpired(now);
    await tx.deviceChanges.removeOlderThan(now - CHANGES_KEPT);
    await tx.attempts.removeIdle(now - 30 * DAY);
    await tx.sessions.removeOlderThan({ seenBefore: now - domain.policy.sessionIdle, createdBefore: now - domain.policy.sessionTotal });
  });
}
