/**
 * The process that reads QR codes out of pictures. Whoever made a picture may mean ill: its bytes meet WebAssembly alone,
 * in a process that holds no secret, is ended at its deadline and replaced after a crash.
 */
import { readFile } from 'node:fs/promises';
import { prepareZXingModule, type ReaderOptions, readBarcodes } from 'zxing-wasm/reader';
import { MOST_BYTES, MOST_PIXELS, type Picture, type PictureAnswer, type PictureJob } from './picture.ts';
import { sizeOfPicture } from './picture-size.ts';

export interface PicturePort {
  post(answer: PictureAnswer): void;
  onJob(listener: (job: PictureJob) => void): void;
}

/** On one screen: all parts of an export, and some more. */
const MOST_CODES = 32;

const OPTIONS: ReaderOptions = {
  formats: ['QRCode'],
  tryHarder: true,
  tryRotate: true,
  tryInvert: true,
  tryDownscale: true,
  maxNumberOfSymbols: MOST_CODES,
  returnErrors: false,
  textMode: 'Plain',
};

export function servePictures(port: PicturePort): void {
  let ready: Promise<unknown> | null = null;
  const read = async ({ id, wasm, picture }: PictureJob): Promise<PictureAnswer> => {
    if (picture.bytes.length > MOST_BYTES && picture.kind === 'file') return { id, ok: false, fault: 'too-large' };
    const size = picture.kind === 'file' ? sizeOfPicture(picture.bytes) : picture;
    if (size === null) return { id, ok: false, fault: 'unreadable' };
    if (size.width * size.height > MOST_PIXELS) return { id, ok: false, fault: 'too-large' };
    ready ??= prepare(wasm);
    await ready;
    try {
      const found = await readBarcodes(picture.kind === 'file' ? picture.bytes : imageData(picture), OPTIONS);
      return { id, ok: true, texts: [...new Set(found.filter(({ isValid }) => isValid).map(({ text }) => text))] };
    } catch {
      return { id, ok: false, fault: 'unreadable' };
    }
  };
  port.onJob((job) => void read(job).then((answer) => port.post(answer)));
}

async function prepare(wasm: string): Promise<unknown> {
  const bytes = await readFile(wasm);
  const wasmBinary = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
}

/** Pixels as the decoder takes them: red first. */
function imageData({ bytes, width, height }: Extract<Picture, { readonly kind: 'pixels' }>) {
  const data = new Uint8ClampedArray(bytes);
  for (let at = 0; at + 3 < data.length; at += 4) {
    const blue = data[at] ?? 0;
    data[at] = data[at + 2] ?? 0;
    data[at + 2] = blue;
    data[at + 3] = 255;
  }
  return { data, width, height, colorSpace: 'srgb' as const };
}
