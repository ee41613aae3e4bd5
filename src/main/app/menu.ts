/** The application menu: editing, text size, closing. No reload and no developer tools for people. */
import { type BrowserWindow, Menu } from 'electron';

/** Text size is the window's zoom, 80 to 300 percent. */
const SMALLEST = 0.8;
const LARGEST = 3;
const STEP = 1.2;

export function nextZoom(now: number, direction: 'larger' | 'smaller'): number {
  const next = direction === 'larger' ? now * STEP : now / STEP;
  return Math.min(LARGEST, Math.max(SMALLEST, next));
}

export function installMenu(window: () => BrowserWindow | null, onQuit: () => void): void {
  const zoom = (direction: 'larger' | 'smaller') => () => {
    const contents = window()?.webContents;
    contents?.setZoomFactor(nextZoom(contents.getZoomFactor(), direction));
  };
  const menu = Menu.buildFromTemplate([
    {
      label: 'Doorstep',
      submenu: [
        { label: 'Close the window', role: 'close' },
        { label: 'Quit', accelerator: 'CommandOrControl+Q', click: onQuit },
      ],
    },
    {
      label: 'Edit',
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: 'View',
      submenu: [
        { label: 'Larger text', accelerator: 'CommandOrControl+Plus', click: zoom('larger') },
        { label: 'Larger text', accelerator: 'CommandOrControl+=', visible: false, click: zoom('larger') },
        { label: 'Smaller text', accelerator: 'CommandOrControl+-', click: zoom('smaller') },
        { label: 'Normal text', accelerator: 'CommandOrControl+0', click: () => window()?.webContents.setZoomFactor(1) },
      ],
    },
  ]);
  Menu.setApplicationMenu(menu);
}
