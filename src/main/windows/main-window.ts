/** The main window: sandboxed, isolated, no Node, shown as soon as it has something to show. */
import { BrowserWindow } from 'electron';
import { type WindowFrame, windowPreferences } from './preferences.ts';
import { APP_START } from './scheme.ts';

export interface MainWindowOptions extends WindowFrame {
  /** The person has turned to it. */
  readonly onFocus: () => void;
  /** It shows for the first time. */
  readonly onShown: () => void;
  /** The person closed it. True hides it and keeps the app; false lets it close. */
  readonly onClose: () => boolean;
  /** It is closed for good. */
  readonly onClosed: () => void;
  /** What the window showed is gone: closed, hidden, reloaded or crashed. Whatever it was asked ends as a "no". */
  readonly onGone: () => void;
}

export interface MainWindow {
  /** Opens it, or brings it to the front. */
  show(): void;
  get(): BrowserWindow | null;
  /** Something waits for the person: marks the window in the taskbar until they look at it. Never takes the focus from what they type. */
  callAttention(): void;
  /** Keeps the window out of screenshots and screen sharing, where the platform can. */
  protect(on: boolean): void;
  /** Lets the window close for good. */
  release(): void;
}

/** A window that was closed so long ago, milliseconds, is let go: hidden it would hold a whole renderer. */
const AT_REST = 30_000;
/** A page that crashes at once must not keep the processor busy with its restarts. */
const LOAD_AGAIN = 1_000;

export function createMainWindow(options: MainWindowOptions): MainWindow {
  let window: BrowserWindow | null = null;
  let released = false;
  let isProtected = false;
  let rest: NodeJS.Timeout | undefined;
  /** The window that was let go; its end is not the person's. */
  let atRest: BrowserWindow | null = null;

  const letGo = (hidden: BrowserWindow) => {
    if (released || hidden.isDestroyed() || hidden.isVisible()) return;
    atRest = hidden;
    hidden.destroy();
  };

  const open = () => {
    const opened = new BrowserWindow({
      width: 1000,
      height: 680,
      minWidth: 360,
      minHeight: 480,
      show: false,
      title: 'Doorstep',
      icon: options.icon,
      autoHideMenuBar: true,
      webPreferences: windowPreferences(options),
    });
    window = opened;
    opened.setContentProtection(isProtected);
    opened.once('ready-to-show', () => {
      opened.show();
      options.onShown();
    });
    opened.on('close', (event) => {
      if (released || !options.onClose()) return;
      event.preventDefault();
      opened.hide();
      rest = setTimeout(() => letGo(opened), AT_REST);
    });
    opened.on('hide', options.onGone);
    opened.on('focus', () => {
      opened.flashFrame(false);
      options.onFocus();
    });
    opened.on('closed', () => {
      window = null;
      options.onGone();
      if (atRest !== opened) options.onClosed();
    });
    opened.webContents.on('did-start-navigation', (details) => {
      if (details.isMainFrame && !details.isSameDocument) options.onGone();
    });
    opened.webContents.on('render-process-gone', () => {
      options.onGone();
      setTimeout(() => {
        if (!released && !opened.isDestroyed()) void opened.loadURL(APP_START);
      }, LOAD_AGAIN);
    });
    void opened.loadURL(APP_START);
  };

  return {
    show() {
      clearTimeout(rest);
      if (window === null) {
        open();
        return;
      }
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    get: () => window,
    callAttention() {
      if (window !== null && !window.isFocused()) window.flashFrame(true);
    },
    protect(on) {
      if (isProtected === on) return;
      isProtected = on;
      window?.setContentProtection(on);
    },
    release() {
      released = true;
    },
  };
}
