/** `node durable-writer.ts FOLDER WRITERS`: writes rows until it is killed, and tells each that the store called durable. */
import { writeSync } from 'node:fs';
import { openSqlite } from '../../src/backend/store/sqlite/open-sqlite.ts';
import { writeRow } from './write-row.ts';

const [folder = '', writers = '16'] = process.argv.slice(2);
const store = await openSqlite(folder);
await Promise.all(
  Array.from({ length: Number(writers) }, async (_, writer) => {
    for (let row = 0; ; row += 1) {
      const name = `${process.pid}.${writer}.${row}`;
      await writeRow(store, name);
      // Straight into the pipe: what was told stays told, whatever happens to this process.
      writeSync(1, `${name}\n`);
    }
  }),
);
