/** Where codes come from: each source gives the texts that it has, and says what to do where it has none. */
import { open } from 'node:fs/promises';
import { DoorstepError } from '../../contract/errors.ts';
import type { IpcRequest } from '../../contract/ipc.ts';
import { MOST_BYTES, type Picture } from './pictures/picture.ts';
import type { PictureReader } from './pictures/picture-reader.ts';

export type CodeSource = IpcRequest<'code.read'>['source'];

/** What of the computer is looked at. */
export interface Surroundings {
  clipboardText(): Promise<string>;
  /** Null where no picture is on the clipboard. */
  clipboardPicture(): Promise<Picture | null>;
  /** Path of a picture that the person chose, or null. */
  choosePicture(): Promise<string | null>;
  /** Every screen as it is now. */
  screens(): Promise<readonly Picture[]>;
  /** The same without our own windows, which may lie over the code. */
  screensBehindUs(): Promise<readonly Picture[]>;
  /** Opens the viewfinder; `read` is asked about what it shows until it has found something. Null: the person closed it. */
  viewfinder(read: (picture: Picture) => Promise<readonly string[]>): Promise<readonly string[] | null>;
}

/** The texts of a source; null where the person chose none. Rejects with clipboard.empty, picture.*, screen.not-captured. */
export async function readSource(source: CodeSource, around: Surroundings, pictures: PictureReader): Promise<readonly string[] | null> {
  switch (source.from) {
    case 'text':
      return lines(source.text);
    case 'clipboard':
      return readClipboard(around, pictures);
    case 'file': {
      const path = await around.choosePicture();
      return path === null ? null : needSome(await pictures.read({ kind: 'file', bytes: await readPictureFile(path) }));
    }
    case 'screen': {
      const seen = await readAll(await around.screens(), pictures);
      return needSome(seen.length > 0 ? seen : await readAll(await around.screensBehindUs(), pictures));
    }
    case 'region':
      return around.viewfinder((picture) => pictures.read(picture));
  }
}

async function readClipboard(around: Surroundings, pictures: PictureReader): Promise<readonly string[]> {
  const text = lines(await around.clipboardText());
  if (text.length > 0) return text;
  const picture = await around.clipboardPicture();
  if (picture === null) throw new DoorstepError('clipboard.empty');
  return needSome(await pictures.read(picture));
}

/** Several links may have been copied at once, one a line. */
function lines(text: string): readonly string[] {
  return text
    .slice(0, 65_536)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

async function readAll(shots: readonly Picture[], pictures: PictureReader): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const shot of shots) texts.push(...(await pictures.read(shot)));
  return texts;
}

function needSome(texts: readonly string[]): readonly string[] {
  if (texts.length === 0) throw new DoorstepError('picture.none');
  return texts;
}

/** The file's bytes. @throws DoorstepError picture.unreadable: no plain file, too large, or not to be opened */
async function readPictureFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat().then((stat) => (stat.isFile() ? stat : { size: Number.POSITIVE_INFINITY }));
      if (size > MOST_BYTES) throw new DoorstepError('picture.unreadable', { because: 'too-large' });
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof DoorstepError) throw error;
    throw new DoorstepError('picture.unreadable', {}, { cause: error });
  }
}
