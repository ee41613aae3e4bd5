/** The tray icon: its shape is the state, its menu opens the window. The app is whole without it. */
import { join } from 'node:path';
import { Menu, nativeImage, nativeTheme, Tray } from 'electron';
import type { AppState } from '../../contract/ipc.ts';
import { type TrayItem, type TrayScreen, trayLook, trayMenu, trayTooltip } from './menu.ts';

export interface TrayIcon {
  show(state: AppState): void;
  destroy(): void;
}

export interface TrayOptions {
  /** Folder with `tray-<look>-<ink>.png`. */
  readonly icons: string;
  /** Null: wherever the window was. */
  readonly onOpen: (screen: TrayScreen | null) => void;
  readonly onReview: (id: string) => void;
  /** `about`: what the code is called. */
  readonly onCopy: (id: string, about: string) => void;
  readonly onQuit: () => void;
}

export function createTrayIcon({ icons, onOpen, onReview, onCopy, onQuit }: TrayOptions): TrayIcon {
  const image = (state: AppState) => {
    // macOS inks a template itself. Elsewhere the panel's own darkness is not told: some desktops always have a dark one.
    const template = process.platform === 'darwin';
    const darkPanel = nativeTheme.shouldUseDarkColors || /GNOME|Unity|Pantheon/i.test(process.env['XDG_CURRENT_DESKTOP'] ?? '');
    const ink = template || !darkPanel ? 'dark' : 'light';
    const picture = nativeImage.createFromPath(join(icons, `tray-${trayLook(state)}-${ink}.png`));
    picture.setTemplateImage(template);
    return picture;
  };
  const entry = (item: TrayItem): Electron.MenuItemConstructorOptions => {
    switch (item.kind) {
      case 'separator':
        return { type: 'separator' };
      case 'text':
        return { label: item.label, enabled: false };
      case 'review':
        return { label: item.label, click: () => onReview(item.id) };
      case 'copy':
        return { label: item.label, click: () => onCopy(item.id, item.about) };
      case 'open':
        return { label: item.label, click: () => onOpen(item.screen) };
      case 'quit':
        return { label: item.label, click: onQuit };
    }
  };
  let tray: Tray | null = null;
  let shown = '';
  let last: AppState | null = null;

  const show = (state: AppState) => {
    last = state;
    const menu = trayMenu(state);
    const now = JSON.stringify([trayLook(state), nativeTheme.shouldUseDarkColors, menu]);
    if (now === shown) return;
    shown = now;
    if (tray === null) {
      tray = new Tray(image(state));
      tray.on('click', () => onOpen(null));
    } else tray.setImage(image(state));
    tray.setToolTip(trayTooltip(state));
    // A StatusNotifierItem takes a changed menu only as a new one.
    tray.setContextMenu(Menu.buildFromTemplate(menu.map(entry)));
  };
  const onTheme = () => {
    if (last !== null) show(last);
  };
  nativeTheme.on('updated', onTheme);
  return {
    show,
    destroy() {
      nativeTheme.removeListener('updated', onTheme);
      tray?.destroy();
      tray = null;
    },
  };
}
