/** The reader of QR pictures in this process, with its real decoder. */
import { fileURLToPath } from 'node:url';
import type { PictureJob } from '../../src/main/codes/pictures/picture.ts';
import { servePictures } from '../../src/main/codes/pictures/picture-process.ts';
import { createPictureReader, type PictureReader } from '../../src/main/codes/pictures/picture-reader.ts';

const WASM = fileURLToPath(new URL('../../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm', import.meta.url));

export function pictureReaderHere(): PictureReader {
  const start = () => {
    let job: (job: PictureJob) => void = () => undefined;
    let hear: Parameters<ReturnType<Parameters<typeof createPictureReader>[0]['start']>['onAnswer']>[0] = () => undefined;
    servePictures({ post: (answer) => hear(answer), onJob: (listener) => (job = listener) });
    return {
      post: (made: PictureJob) => job(made),
      onAnswer: (listener: typeof hear) => (hear = listener),
      onExit: () => undefined,
      kill: () => undefined,
    };
  };
  return createPictureReader({ start, wasm: WASM, deadline: 60_000 });
}
