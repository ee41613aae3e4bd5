/** The picture of a secret, read back by another program's reader. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { type QrSquares, squaresOf } from '../../../../src/renderer/web/qr-picture.ts';

/** Pixels a square. */
const SCALE = 4;

beforeAll(async () => {
  const wasm = readFileSync(
    path.join(path.dirname(createRequire(import.meta.url).resolve('zxing-wasm/reader')), '../../reader/zxing_reader.wasm'),
  );
  const wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength);
  await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
});

/** Draws the path as a browser would: white, then each run in black. */
function pixels({ size, path: runs }: QrSquares) {
  const side = size * SCALE;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [, x = '', y = '', length = ''] of runs.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let row = Number(y) * SCALE; row < (Number(y) + 1) * SCALE; row += 1) {
      for (let column = Number(x) * SCALE; column < (Number(x) + Number(length)) * SCALE; column += 1) {
        data.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3);
      }
    }
  }
  return { data, width: side, height: side, colorSpace: 'srgb' as const };
}

async function read(text: string): Promise<string | undefined> {
  const [found] = await readBarcodes(pixels(squaresOf(text)), { formats: ['QRCode'], tryHarder: true, textMode: 'Plain' });
  return found?.text;
}

describe('the picture of a secret', () => {
  it('says what it was made of', async () => {
    const link = 'otpauth://totp/Northmoor%20University:amina.yusuf?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Northmoor%20University';
    expect(await read(link)).toBe(link);
  });

  it('does so for any link', async () => {
    const base32 = fc.stringMatching(/^[A-Z2-7]{16,64}$/);
    await fc.assert(
      fc.asyncProperty(base32, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), async (secret, name) => {
        const link = `otpauth://totp/${encodeURIComponent(name)}?secret=${secret}&algorithm=SHA256&digits=8`;
        return (await read(link)) === link;
      }),
      { numRuns: 25 },
    );
  });

  it('has its quiet zone: four squares on each side', () => {
    const { size, path: runs } = squaresOf('otpauth://totp/x?secret=JBSWY3DPEHPK3PXP');
    const places = [...runs.matchAll(/M(\d+) (\d+)h(\d+)/g)].map(
      ([, x, y, length]) => [Number(x), Number(y), Number(x) + Number(length)] as const,
    );
    expect(Math.min(...places.flat())).toBe(4);
    expect(Math.max(...places.map(([, , end]) => end))).toBe(size - 4);
  });
});
