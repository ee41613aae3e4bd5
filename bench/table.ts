/** What every bench prints: rows that set ours beside a peer, measured interleaved in one run. */
import os from 'node:os';

export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: string;
}

export interface Table {
  readonly title: string;
  readonly note: string;
  readonly rows: readonly Row[];
}

/** Median and quartiles of at least one figure. */
export function quartiles(figures: readonly number[]): { q1: number; median: number; q3: number } {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (share: number) => {
    const place = (sorted.length - 1) * share;
    const low = sorted[Math.floor(place)] ?? Number.NaN;
    const high = sorted[Math.ceil(place)] ?? Number.NaN;
    return low + (high - low) * (place - Math.floor(place));
  };
  return { q1: at(0.25), median: at(0.5), q3: at(0.75) };
}

/** `1,234 (1,200 to 1,260)`: the median, and between which figures the middle half lies. */
export function spread(figures: readonly number[], digits = 0): string {
  const { q1, median, q3 } = quartiles(figures);
  const write = (figure: number) => figure.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${write(median)} (${write(q1)} to ${write(q3)})`;
}

/** The ratio of pairs that were measured one after the other. */
export function ratio(ours: readonly number[], peer: readonly number[]): string {
  return quartiles(ours.map((figure, i) => figure / (peer[i] ?? Number.NaN))).median.toFixed(2);
}

export function load(): string {
  return `${os.availableParallelism()} cores, load ${os
    .loadavg()
    .map((figure) => figure.toFixed(2))
    .join(' ')}`;
}

/** Prints the table for a person, and as one line for `npm run bench` where it was asked for with `--json`. */
export function print(table: Table): void {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(table));
    return;
  }
  console.log(`\n${table.title}\n${table.note}`);
  for (const { what, ours, peer, ratio: share } of table.rows) console.log(`  ${what}: ${ours}; peer ${peer}; ratio ${share}`);
}
