/** The pairing code that the launcher of a run from source hands over, used at most once. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** The code of the first line `{"pairingCode":"…"}`, or null where none comes. Never rejects. */
export function readPairingCode(input: Readable): Promise<string | null> {
  return new Promise((resolve) => {
    const lines = createInterface({ input });
    const end = (code: string | null) => {
      resolve(code);
      lines.close();
    };
    lines.once('line', (line) => end(codeOf(line)));
    lines.once('close', () => resolve(null));
    input.once('error', () => end(null));
  });
}

function codeOf(line: string): string | null {
  try {
    const said: unknown = JSON.parse(line);
    if (typeof said !== 'object' || said === null || !('pairingCode' in said)) return null;
    return typeof said.pairingCode === 'string' && said.pairingCode !== '' ? said.pairingCode : null;
  } catch {
    return null;
  }
}
