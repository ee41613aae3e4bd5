/** A thread that opens a SQLite store at the same moment as others: once each of them has come to the gate. */
import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from '../../src/backend/store/sqlite/open-sqlite.ts';

/** `gate`: one 32-bit integer, the threads that are still missing. */
export interface Opening {
  readonly folder: string;
  readonly gate: Int32Array<SharedArrayBuffer>;
}

const { folder, gate } = workerData as Opening;
Atomics.sub(gate, 0, 1);
// Whoever is woken comes too late: the time in which two meet is shorter than that.
while (Atomics.load(gate, 0) > 0);
try {
  const store = await openSqlite(folder);
  await store.close();
  parentPort?.postMessage('open');
} catch (error) {
  parentPort?.postMessage(String(error));
}
