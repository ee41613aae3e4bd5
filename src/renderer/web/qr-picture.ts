/** A text as the squares of a QR picture (ISO/IEC 18004). */
import { encodeQR } from 'qr';

/** Light squares round the picture, by the standard. */
const QUIET = 4;

export interface QrSquares {
  /** Side in squares, with the quiet zone. */
  readonly size: number;
  /** SVG path of the dark squares: one run a row. */
  readonly path: string;
}

export function squaresOf(text: string): QrSquares {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET });
  const runs = rows.flatMap((row, y) => runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`));
  return { size: rows.length, path: runs.join('') };
}

function runsOf(row: readonly boolean[]): readonly (readonly [start: number, length: number])[] {
  const runs: [number, number][] = [];
  for (const [x, dark] of row.entries()) {
    const last = runs.at(-1);
    if (!dark) continue;
    if (last !== undefined && last[0] + last[1] === x) last[1] += 1;
    else runs.push([x, 1]);
  }
  return runs;
}
