/**
 * The viewfinder: a frame that the person puts over a QR code. What lies inside its hole is read again and again until a
 * code is found. The window has no bridge and gets no picture: it can only be moved, sized and closed.
 */
import { BrowserWindow, type Rectangle, type Session, screen } from 'electron';
import { DoorstepError } from '../../contract/errors.ts';
import { APP_ORIGIN } from '../windows/scheme.ts';
import type { Picture } from './pictures/picture.ts';
import { captureArea } from './screen.ts';

export interface ViewfinderOptions {
  readonly session: Session;
  readonly icon: string;
  /** Reads the texts of a picture; none is an empty list. */
  readonly read: (picture: Picture) => Promise<readonly string[]>;
}

export const VIEWFINDER_START = `${APP_ORIGIN}/viewfinder.html`;
/**
 * Width of the frame at the sides and below, and height of what stands above the hole; the page's style has the same. All of
 * it grows with the size of text that the person chose, which is the zoom of every window.
 */
const FRAME = 8;
const HEAD = 56;
const SIZE = { width: 376, height: 424 };
const SMALLEST = 240;
/** Milliseconds between two looks. */
const BETWEEN_LOOKS = 500;
/** Somebody who went away is not looking for a code any more. */
const LIFE = 180_000;

let closeOpen: (() => void) | null = null;

/** @returns the texts that were found, or null where the person closed it. Rejects with screen.not-captured */
export function openViewfinder({ session, icon, read }: ViewfinderOptions): Promise<readonly string[] | null> {
  // Only one at a time: a second wish begins anew.
  closeOpen?.();
  const window = new BrowserWindow({
    frame: false,
    // Where the window has a shape there is nothing in its hole; elsewhere its middle is see-through.
    transparent: process.platform === 'darwin',
    hasShadow: false,
    alwaysOnTop: true,
    maximizable: false,
    minimizable: false,
    fullscreenable: false,
    skipTaskbar: true,
    show: false,
    title: 'Doorstep',
    icon,
    webPreferences: { session, sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false, devTools: false },
  });
  // Known once the page is there.
  const zoom = () => window.webContents.getZoomFactor();
  const reshape = () => {
    if (process.platform !== 'darwin') window.setShape(frameShape(window.getContentBounds(), zoom()));
  };

  return new Promise((resolve, reject) => {
    let over = false;
    const end = (settle: () => void) => {
      if (over) return;
      over = true;
      closeOpen = null;
      clearTimeout(life);
      if (!window.isDestroyed()) window.destroy();
      settle();
    };
    const cancel = () => end(() => resolve(null));
    const life = setTimeout(cancel, LIFE);
    closeOpen = cancel;

    const look = async () => {
      while (!over) {
        try {
          const texts = await read(await captureArea(holeOf(window.getContentBounds(), zoom())));
          if (texts.length > 0) end(() => resolve(texts));
        } catch (error) {
          // One picture that could not be read is not the last; a screen that is not shown to us is.
          if (error instanceof DoorstepError && error.code === 'screen.not-captured') end(() => reject(error));
        }
        await new Promise((next) => setTimeout(next, BETWEEN_LOOKS));
      }
    };

    window.on('closed', cancel);
    window.on('resize', reshape);
    window.webContents.on('render-process-gone', cancel);
    // The page has no bridge: its one link, and the Escape key, say that the person has had enough.
    window.webContents.on('did-navigate-in-page', cancel);
    window.webContents.on('before-input-event', (_event, { type, key }) => {
      if (type === 'keyDown' && key === 'Escape') cancel();
    });
    window.once('ready-to-show', () => {
      const bounds = besideThePointer(zoom());
      const least = Math.round(SMALLEST * zoom());
      window.setMinimumSize(Math.min(least, bounds.width), Math.min(least, bounds.height));
      window.setBounds(bounds);
      reshape();
      window.show();
      void look();
    });
    void window.loadURL(VIEWFINDER_START);
  });
}

export function closeViewfinder(): void {
  closeOpen?.();
}

/** The head, and a bar at each side and below. Never wider than what the page paints. */
export function frameShape({ width, height }: Pick<Rectangle, 'width' | 'height'>, zoom: number): Rectangle[] {
  const [bar, head] = [Math.floor(FRAME * zoom), Math.floor(HEAD * zoom)];
  return [
    { x: 0, y: 0, width, height: head },
    { x: 0, y: head, width: bar, height: height - head },
    { x: width - bar, y: head, width: bar, height: height - head },
    { x: bar, y: height - bar, width: width - 2 * bar, height: bar },
  ];
}

/** Where on the screen the hole is. */
export function holeOf({ x, y, width, height }: Rectangle, zoom: number): Rectangle {
  const [bar, head] = [Math.floor(FRAME * zoom), Math.floor(HEAD * zoom)];
  return { x: x + bar, y: y + head, width: width - 2 * bar, height: height - head - bar };
}

function besideThePointer(zoom: number): Rectangle {
  const point = screen.getCursorScreenPoint();
  const { workArea } = screen.getDisplayNearestPoint(point);
  const [width, height] = [
    Math.min(Math.round(SIZE.width * zoom), workArea.width),
    Math.min(Math.round(SIZE.height * zoom), workArea.height),
  ];
  const within = (at: number, from: number, room: number) => Math.max(from, Math.min(at, from + room));
  return {
    x: Math.round(within(point.x - width / 2, workArea.x, workArea.width - width)),
    y: Math.round(within(point.y - height / 2, workArea.y, workArea.height - height)),
    width,
    height,
  };
}
