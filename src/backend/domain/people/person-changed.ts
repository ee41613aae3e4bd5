import type { Transaction } from '../stores.ts';

/** What desktops show of this person is not the same any more: the next snapshot counts as newer, and those that listen are told. */
export async function personChanged(tx: Transaction, personId: string): Promise<void> {
  await tx.people.bumpVersion(personId);
  tx.announce(`person:${personId}`);
}
