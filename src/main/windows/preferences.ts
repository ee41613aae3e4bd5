/** How every window of the app is made: sandboxed, isolated, no Node. */
import type { Session, WebPreferences } from 'electron';

export interface WindowFrame {
  readonly session: Session;
  readonly preload: string;
  readonly icon: string;
  readonly devTools: boolean;
}

export function windowPreferences({ session, preload, devTools }: WindowFrame): WebPreferences {
  return {
    session,
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    nodeIntegrationInWorker: false,
    webviewTag: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    navigateOnDragDrop: false,
    spellcheck: false,
    devTools,
  };
}
