/**
 * Durable units of work a second in the embedded store, beside the bare disk: a loop of a written page and fdatasync before
 * and after; and once more on a disk as slow as the one that the goals were set on. And the proof that they are durable: a
 * process that writes is killed (SIGKILL) again and again, and every row that it had told of is there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AuditRow, verifyChain } from '../src/backend/domain/audit.ts';
import type { Store } from '../src/backend/domain/stores.ts';
import { openSqlite } from '../src/backend/store/sqlite/open-sqlite.ts';
import type { DurableRound } from './measure/durable-rounds.ts';
import { asIs, goalsDiskNote, onGoalsDisk, type Start } from './measure/goals-disk.ts';
import { load, print, type Row, ratio, spread } from './table.ts';

const rounds = Number(process.env['ROUNDS'] ?? 7);
const SECONDS = Number(process.env['SECONDS'] ?? 1.5);
const KILLS = Number(process.env['KILLS'] ?? 20);

/** A process that writes on one kind of disk, a round at a time. */
class Writing {
  readonly rounds: DurableRound[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async begin(start: Start, folder: string): Promise<Writing> {
    const script = fileURLToPath(new URL('measure/durable-rounds.ts', import.meta.url));
    const [program = '', ...words] = start([process.execPath, script, folder]);
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await said(child);
    return new Writing(child);
  }

  async round(): Promise<void> {
    this.#child.send(SECONDS);
    this.rounds.push((await said(this.#child)) as DurableRound);
  }

  of(member: keyof DurableRound): number[] {
    return this.rounds.map((round) => round[member]);
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}

function said(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the writing process ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
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
const slowFolder = mkdtempSync(join(tmpdir(), 'doorstep-durable-'));
const before = load();
const writing: Writing[] = [];
let told: string[] = [];
let lost = 0;
try {
  writing.push(await Writing.begin(asIs, folder), await Writing.begin(onGoalsDisk, slowFolder));
  for (let round = 0; round < rounds; round += 1) for (const one of writing) await one.round();
  for (const one of writing) await one.end();
  for (let kill = 0; kill < KILLS; kill += 1) told = told.concat(await killOne(folder));
  const opened = await openSqlite(folder);
  const rows = await allRows(opened);
  await opened.close();
  const kept = new Set(rows.map(({ subjectId }) => subjectId));
  lost = told.filter((name) => !kept.has(name)).length;
  if (lost > 0 || !verifyChain(rows).ok) throw new Error(`${lost} of ${told.length} rows that were told of are lost`);
} finally {
  for (const one of [folder, slowFolder]) rmSync(one, { recursive: true, force: true });
}
const [here, goals] = writing as [Writing, Writing];
const units = (disk: Writing, member: 'sixteen' | 'sixtyFour', what: string): Row => ({
  what,
  ours: spread(disk.of(member)),
  peer: spread(disk.of('raw')),
  ratio: ratio(disk.of(member), disk.of('raw')),
});
print({
  title: 'Durable writes',
  note: `${rounds} interleaved rounds of ${SECONDS} s, median and quartiles; SQLite with every commit on the disk, one row of the audit trail a unit; ${goalsDiskNote(spread(goals.of('raw')))}; before: ${before}; after: ${load()}`,
  rows: [
    units(here, 'sixteen', 'units a second, 16 writers; peer: write and fdatasync in a loop'),
    units(here, 'sixtyFour', 'units a second, 64 writers; peer: the same loop'),
    units(goals, 'sixteen', 'goals’ disk: units a second, 16 writers; peer: write and fdatasync in a loop'),
    units(goals, 'sixtyFour', 'goals’ disk: units a second, 64 writers; peer: the same loop'),
    {
      what: `rows lost when the writing process was killed (SIGKILL) ${KILLS} times; peer: rows that it had told of`,
      ours: lost.toLocaleString('en'),
      peer: told.length.toLocaleString('en'),
      ratio: (lost / told.length).toFixed(2),
    },
  ],
});
