/**
 * `node durable-rounds.ts FOLDER`, started with a channel: for each number of seconds that comes, one round of durable units
 * of work in FOLDER's store with a loop on the bare disk before and after.
 */
import { openSqlite } from '../../src/backend/store/sqlite/open-sqlite.ts';
import { fdatasyncs } from './disk.ts';
import { writeRow } from './write-row.ts';

/** Each in times a second. */
export interface DurableRound {
  readonly raw: number;
  readonly sixteen: number;
  readonly sixtyFour: number;
}

const [folder = ''] = process.argv.slice(2);
const store = await openSqlite(folder);

async function unitsASecond(writers: number, seconds: number): Promise<number> {
  const [begin, end] = [performance.now(), performance.now() + seconds * 1_000];
  let units = 0;
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      while (performance.now() < end) {
        await writeRow(store, `w${writer}`);
        units += 1;
      }
    }),
  );
  return units / ((performance.now() - begin) / 1_000);
}

function perSecond(milliseconds: number[]): number {
  return 1_000 / (milliseconds.sort((a, b) => a - b)[Math.floor(milliseconds.length / 2)] ?? Number.NaN);
}

async function round(seconds: number): Promise<DurableRound> {
  const first = fdatasyncs(folder, seconds / 2);
  const [sixteen, sixtyFour] = [await unitsASecond(16, seconds), await unitsASecond(64, seconds)];
  return { raw: perSecond([...first, ...fdatasyncs(folder, seconds / 2)]), sixteen, sixtyFour };
}

await unitsASecond(16, 1);
process.on('message', async (seconds: number) => process.send?.(await round(seconds)));
process.once('disconnect', () => store.close());
process.send?.('ready');
