/** Composition root of the desktop app's main process, and of the small process that holds its keychain. */
import { mkdirSync } from 'node:fs';
import { app, Menu } from 'electron';
import { openDoorstep } from './app/doorstep.ts';
import { NO_ENVIRONMENT, takeEnvironment } from './app/environment.ts';
import { createLog } from './app/log.ts';
import { openSettings } from './app/settings.ts';
import { HIDDEN_WORD } from './app/start-at-login.ts';
import { connectPracticeKey } from './tokens/practice.ts';
import { KEYCHAIN_WORD } from './vault/child.ts';
import { serveKeychain } from './vault/keychain-process.ts';
import { registerAppScheme } from './windows/scheme.ts';

/** Set by the build: a release has no door for the practice key, not even its code. */
declare const __RELEASE__: boolean;

/** At the end of the app whoever does not answer within so many milliseconds is not waited for: the person's session wants to end too. */
const LAST_WORDS = 5_000;

/**
 * Chromium looks in each of its processes every 4 s, from its second minute on, for free memory to give back: at rest, where
 * nothing was freed, that is the largest part of what the app does at all.
 */
function rarelyReclaim(): void {
  const wanted = app.commandLine.getSwitchValue('enable-features');
  app.commandLine.appendSwitch('enable-features', [...(wanted === '' ? [] : [wanted]), 'PartitionAllocMemoryReclaimer:interval/5m'].join());
}

function startApp(): void {
  const taken = takeEnvironment(process.env, app.isPackaged);
  const environment = __RELEASE__ ? NO_ENVIRONMENT : taken;
  const log = createLog((line) => process.stderr.write(line));

  // Whoever read our standard error may have gone; that is no reason to end.
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', (error) => log.error('app.defect', { at: error.stack?.split('\n')[1]?.trim() }));
  process.on('unhandledRejection', (reason) => {
    log.error('app.defect', { at: reason instanceof Error ? reason.stack?.split('\n')[1]?.trim() : 'unknown' });
  });

  // Whoever starts a packaged app with these could drive its window from outside.
  const debugged = ['remote-debugging-port', 'remote-debugging-pipe', 'remote-debugging-address'].some((name) =>
    app.commandLine.hasSwitch(name),
  );
  if (app.isPackaged && debugged) {
    log.error('app.debugging-refused');
    app.exit(1);
    return;
  }

  if (environment.dataFolder !== null) {
    mkdirSync(environment.dataFolder, { recursive: true, mode: 0o700 });
    app.setPath('userData', environment.dataFolder);
  }
  app.enableSandbox();
  // Forms need no graphics card: its driver would take time at the start, memory, and be one more thing to attack.
  if (process.platform === 'linux') app.disableHardwareAcceleration();
  rarelyReclaim();
  // Until ours is there, none: Electron's own has a reload and developer tools, and would be made only to be replaced.
  Menu.setApplicationMenu(null);
  registerAppScheme();

  if (!app.requestSingleInstanceLock()) {
    // The instance that runs already has been told and shows its window.
    app.exit(0);
  } else {
    void app.whenReady().then(() => {
      const doorstep = openDoorstep({
        environment,
        settings: openSettings(app.getPath('userData')),
        log,
        hidden: process.argv.includes(HIDDEN_WORD),
        connectPractice: __RELEASE__ ? null : connectPracticeKey,
      });
      app.on('second-instance', () => doorstep.show());
      app.on('activate', () => doorstep.show());
      // A window that hangs, or one that opens meanwhile, may say no to `quit`. Nobody may say no to `exit`.
      const end = () => app.exit(0);
      let ending = false;
      app.on('before-quit', (event) => {
        event.preventDefault();
        if (ending) return;
        ending = true;
        setTimeout(() => {
          log.warn('app.ended-late');
          end();
        }, LAST_WORDS);
        void doorstep.stop().finally(end);
      });
    });
    // The app ends with its main window, which says so itself; it may live in the tray with no window at all.
    app.on('window-all-closed', () => undefined);
  }
}

/** Only a child that the app itself made has a parent port; the word alone makes nothing of this program. */
function startKeychain(): void {
  const { parentPort } = process;
  serveKeychain({
    post: (answer) => parentPort.postMessage(answer),
    onCall: (listener) => parentPort.on('message', ({ data }) => listener(data)),
  });
}

if (process.argv.includes(KEYCHAIN_WORD) && process.type === 'utility') startKeychain();
else startApp();
