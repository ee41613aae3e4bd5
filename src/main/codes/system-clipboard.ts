/** The system's clipboard, through whichever of Electron's two ways this runtime has: at once up to 40-odd, by promise since. */
import { clipboard, type NativeImage } from 'electron';
import type { TextClipboard } from './clipped-code.ts';
import type { Picture } from './pictures/picture.ts';
import { pixelsOf } from './screen.ts';

/** What both have, and what one of them has. */
interface EitherClipboard {
  readText(): string | Promise<string>;
  writeText(text: string): undefined | Promise<void>;
  clear(): void;
  /** The older way. */
  readImage?(): NativeImage;
  /** The newer way. */
  read(): Promise<readonly ClipboardContent[]>;
}

interface ClipboardContent {
  readonly types: readonly string[];
  getType(type: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>;
}

const system: EitherClipboard = clipboard as unknown as EitherClipboard;
const PNG = 'image/png';

export const systemClipboard: TextClipboard = {
  readText: async () => system.readText(),
  async writeText(text) {
    await system.writeText(text);
  },
  clear: () => system.clear(),
};

/** The picture on the clipboard, or null where there is none. */
export async function clipboardPicture(): Promise<Picture | null> {
  if (system.readImage !== undefined) {
    const image = system.readImage();
    return image.isEmpty() ? null : pixelsOf(image);
  }
  for (const content of await system.read()) {
    if (!content.types.includes(PNG)) continue;
    return { kind: 'file', bytes: new Uint8Array(await (await content.getType(PNG)).arrayBuffer()) };
  }
  return null;
}
