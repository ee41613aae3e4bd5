/** Denies everything that a window does not need: navigation, new windows, permissions, webviews, downloads, the network. */
import { app, type Session, shell, type WebContents } from 'electron';
import type { Log } from '../app/log.ts';
import { APP_ORIGIN, APP_START, APPROVAL_START } from './scheme.ts';

export interface GuardOptions {
  readonly log: Log;
  /** The only addresses that may be opened in the person's browser. */
  readonly outside: () => readonly string[];
}

/** Guards every web contents that the app will ever make, also those that nobody meant to make. */
export function guardAllContents(options: GuardOptions): void {
  app.on('web-contents-created', (_event, contents) => guardContents(contents, options));
}

function guardContents(contents: WebContents, { log, outside }: GuardOptions): void {
  const refuse = (what: string) => (event: { preventDefault(): void }) => {
    event.preventDefault();
    log.warn('guard.refused', { what });
  };
  contents.on('will-navigate', (event) => {
    // A reload is a navigation to where one is.
    if ([APP_START, APPROVAL_START].includes(event.url) && contents.getURL() === event.url) return;
    refuse('navigation')(event);
  });
  contents.on('will-frame-navigate', (event) => {
    if (event.isMainFrame) return;
    refuse('frame')(event);
  });
  contents.on('will-redirect', refuse('redirect'));
  contents.on('will-attach-webview', refuse('webview'));
  contents.setWindowOpenHandler(({ url }) => {
    if (outside().includes(url)) void shell.openExternal(url);
    else log.warn('guard.refused', { what: 'window' });
    return { action: 'deny' };
  });
}

/** Guards a session: no permission, no device, no download, and nothing but our own scheme is ever fetched. */
export function guardSession(session: Session, log: Log): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => {
    log.warn('guard.refused', { what: `permission ${permission}` });
    answer(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => {
    event.preventDefault();
    log.warn('guard.refused', { what: 'download' });
  });
  session.webRequest.onBeforeRequest((details, answer) => {
    const ours = details.url.startsWith(`${APP_ORIGIN}/`) || details.url.startsWith('devtools://') || details.url.startsWith('data:image/');
    if (!ours) log.warn('guard.refused', { what: 'request' });
    answer({ cancel: !ours });
  });
  session.setSpellCheckerEnabled(false);
}
