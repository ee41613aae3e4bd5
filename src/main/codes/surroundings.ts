/** The computer around the app, as far as codes come from it: clipboard, files, screens. */
import { type BrowserWindow, dialog, type Session } from 'electron';
import { DoorstepError } from '../../contract/errors.ts';
import type { Surroundings } from './code-sources.ts';
import type { Picture } from './pictures/picture.ts';
import { asksForEachPicture, captureScreens } from './screen.ts';
import { clipboardPicture, systemClipboard } from './system-clipboard.ts';
import { openViewfinder } from './viewfinder.ts';

export interface SurroundingsOptions {
  readonly window: () => BrowserWindow | null;
  readonly session: Session;
  readonly icon: string;
}

const WORDS = {
  choosePicture: 'File with the square picture',
  pictures: 'Pictures',
  exportTo: 'Save your codes',
  importFrom: 'Codes that were saved',
  exports: 'Codes of Doorstep',
} as const;

export interface Files {
  chooseNewExport(): Promise<string | null>;
  chooseExport(): Promise<string | null>;
}

const PICTURES = ['png', 'jpg', 'jpeg', 'gif', 'bmp'];
/** The window's picture must be off the screen before that is looked at; compositors take some frames, milliseconds. */
const UNTIL_HIDDEN = 400;

export function createSurroundings({ window, session, icon }: SurroundingsOptions): Surroundings & Files {
  const choose = async (title: string, name: string, extensions: string[]): Promise<string | null> => {
    const options = { title, properties: ['openFile' as const], filters: [{ name, extensions }] };
    const parent = window();
    const { filePaths } = await (parent === null ? dialog.showOpenDialog(options) : dialog.showOpenDialog(parent, options));
    return filePaths[0] ?? null;
  };

  return {
    clipboardText: () => systemClipboard.readText(),
    clipboardPicture,
    choosePicture: () => choose(WORDS.choosePicture, WORDS.pictures, PICTURES),
    screens: captureScreens,
    async screensBehindUs() {
      // Where the person has just chosen what we may see, our own window is not in the way.
      if (asksForEachPicture()) return [];
      const own = window();
      if (own === null || !own.isVisible()) return captureScreens();
      own.setOpacity(0);
      own.hide();
      try {
        await new Promise((hidden) => setTimeout(hidden, UNTIL_HIDDEN));
        return await captureScreens();
      } finally {
        if (!own.isDestroyed()) {
          own.setOpacity(1);
          own.show();
        }
      }
    },
    viewfinder: (read) => (asksForEachPicture() ? readOnce(read) : openViewfinder({ session, icon, read })),
    chooseExport: () => choose(WORDS.importFrom, WORDS.exports, [EXTENSION]),
    async chooseNewExport() {
      const options = {
        title: WORDS.exportTo,
        defaultPath: `doorstep-codes.${EXTENSION}`,
        filters: [{ name: WORDS.exports, extensions: [EXTENSION] }],
      };
      const parent = window();
      const { filePath } = await (parent === null ? dialog.showSaveDialog(options) : dialog.showSaveDialog(parent, options));
      return filePath === '' ? null : filePath;
    },
  };
}

/** What the person chose in the system's own dialog, instead of a frame. Rejects with picture.none. */
async function readOnce(read: (picture: Picture) => Promise<readonly string[]>): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const picture of await captureScreens()) texts.push(...(await read(picture)));
  if (texts.length === 0) throw new DoorstepError('picture.none');
  return texts;
}

const EXTENSION = 'doorstep';
