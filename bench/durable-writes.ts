/**
 * Durable units of work a second in the embedded store, beside the bare disk: a loop of a written page and fdatasync before
 * and after. And the proof that they are durable: a process that writes is killed (SIGKILL) again and again, and every row
 * that it had told of is there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AuditRow, verifyChain } from '../src/backend/domain/audit.ts';
import type { Store } from '../src/backend/domain/stores.ts';
import { openSqlite } from '../src/backend/store/sqlite/open-sqlite.ts';
import { fdatasyncs } from './measure/disk.ts';
import { writeRow } from './measure/write-row.ts';
import { load, print, ratio, spread } from './table.ts';

const rounds = Number(process.env['ROUNDS'] ?? 7);
const SECONDS = Number(process.env['SECONDS'] ?? 1.5);
const KILLS = Number(process.env['KILLS'] ?? 20);

async function unitsASecond(store: Store, writers: number): Promise<number> {
  const [begin, end] = [performance.now(), performance.now() + SECONDS * 1_000];
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

async function allRows(store: Store): Promise<AuditRow[]> {
  const rows: AuditRow[] = [];
  for (;;) {
    const more = await store.read.audit.list(rows.length + 1, 5_000);
    if (more.length === 0) return rows;
    rows.push(...more);
  }
}

/** Kills a writing process at some moment; answers the rows that it had told of. */
async function killOne(folder: string): Promise<string[]> {
  const script = fileURLToPath(new URL('measure/durable-writer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, folder, '16'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
  child.kill('SIGKILL');
  await closed;
  // A last line without its end was never told.
  return told.split('\n').slice(0, -1);
}

const folder = mkdtempSync(join(tmpdir(), 'doorstep-durable-'));
const before = load();
const figures = { raw: [] as number[], sixteen: [] as number[], sixtyFour: [] as number[] };
const median = (times: number[]): number => 1_000 / (times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN);
let told: string[] = [];
let lost = 0;
try {
  const store = await openSqlite(folder);
  await unitsASecond(store, 16);
  for (let round = 0; round < rounds; round += 1) {
    const first = fdatasyncs(folder, SECONDS / 2);
    figures.sixteen.push(await unitsASecond(store, 16));
    figures.sixtyFour.push(await unitsASecond(store, 64));
    figures.raw.push(median([...first, ...fdatasyncs(folder, SECONDS / 2)]));
  }
  await store.close();
  for (let kill = 0; kill < KILLS; kill += 1) told = told.concat(await killOne(folder));
  const opened = await openSqlite(folder);
  const rows = await allRows(opened);
  await opened.close();
  const kept = new Set(rows.map(({ subjectId }) => subjectId));
  lost = told.filter((name) => !kept.has(name)).length;
  if (lost > 0 || !verifyChain(rows).ok) throw new Error(`${lost} of ${told.length} rows that were told of are lost`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
print({
  title: 'Durable writes',
  note: `${rounds} interleaved rounds of ${SECONDS} s, median and quartiles; SQLite with every commit on the disk, one row of the audit trail a unit; before: ${before}; after: ${load()}`,
  rows: [
    {
      what: 'units a second, 16 writers; peer: write and fdatasync in a loop',
      ours: spread(figures.sixteen),
      peer: spread(figures.raw),
      ratio: ratio(figures.sixteen, figures.raw),
    },
    {
      what: 'units a second, 64 writers; peer: the same loop',
      ours: spread(figures.sixtyFour),
      peer: spread(figures.raw),
      ratio: ratio(figures.sixtyFour, figures.raw),
    },
    {
      what: `rows lost when the writing process was killed (SIGKILL) ${KILLS} times; peer: rows that it had told of`,
      ours: lost.toLocaleString('en'),
      peer: told.length.toLocaleString('en'),
      ratio: (lost / told.length).toFixed(2),
    },
  ],
});
