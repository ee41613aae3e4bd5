/**
 * The one window that asks "is this you?": above the others, in the middle. It never takes what is typed: where it
 * comes up by itself it takes no focus, and in its first moment with the focus it hears no key.
 */
import { BrowserWindow } from 'electron';
import { type WindowFrame, windowPreferences } from './preferences.ts';
import { APPROVAL_START } from './scheme.ts';

export interface ApprovalWindowOptions extends WindowFrame {
  /** The person closed it, or what it showed is gone for good. Not called where `close` closed it. */
  readonly onClosed: () => void;
}

export interface ApprovalWindow {
  /** Opens it or brings it to the front. `asked`: the person asked for it, so it takes the focus. */
  show(asked: boolean): void;
  get(): BrowserWindow | null;
  /** Takes it away without an answer. */
  close(): void;
}

/** A key that was meant for another window is down by then. */
export const DEAF = 500;

export function createApprovalWindow(options: ApprovalWindowOptions): ApprovalWindow {
  let window: BrowserWindow | null = null;
  let deafUntil = 0;

  const open = (asked: boolean) => {
    const opened = new BrowserWindow({
      width: 432,
      height: 656,
      minWidth: 320,
      minHeight: 480,
      useContentSize: true,
      center: true,
      alwaysOnTop: true,
      fullscreenable: false,
      maximizable: false,
      show: false,
      title: 'Doorstep',
      icon: options.icon,
      autoHideMenuBar: true,
      webPreferences: windowPreferences(options),
    });
    window = opened;
    opened.once('ready-to-show', () => appear(opened, asked));
    opened.on('focus', () => {
      deafUntil = Date.now() + DEAF;
      opened.flashFrame(false);
    });
    opened.webContents.on('before-input-event', (event) => {
      if (Date.now() < deafUntil) event.preventDefault();
    });
    opened.on('closed', () => {
      if (window !== opened) return;
      window = null;
      options.onClosed();
    });
    opened.webContents.on('render-process-gone', () => opened.destroy());
    void opened.loadURL(APPROVAL_START);
  };

  const appear = (shown: BrowserWindow, asked: boolean) => {
    if (shown.isDestroyed()) return;
    if (asked) {
      shown.show();
      shown.focus();
      return;
    }
    shown.showInactive();
    shown.flashFrame(true);
  };

  return {
    show(asked) {
      if (window === null) open(asked);
      else if (asked || !window.isVisible()) appear(window, asked);
    },
    get: () => window,
    close() {
      const closing = window;
      window = null;
      closing?.destroy();
    },
  };
}
