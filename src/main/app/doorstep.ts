/** Puts the rooms of the main process together once Electron is ready, and takes them apart again. */
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { app, powerMonitor, type Session, session } from 'electron';
import { DoorstepError } from '../../contract/errors.ts';
import type { AppState, IpcChannel } from '../../contract/ipc.ts';
import { watchPresence } from '../../device/presence.ts';
import { createCodes } from '../codes/codes.ts';
import { forkPictures } from '../codes/pictures/child.ts';
import { createPictureReader } from '../codes/pictures/picture-reader.ts';
import { createSurroundings } from '../codes/surroundings.ts';
import { systemClipboard } from '../codes/system-clipboard.ts';
import { closeViewfinder } from '../codes/viewfinder.ts';
import { openDoor, pushState } from '../ipc/door.ts';
import { openChangeQueue } from '../sync/changes.ts';
import { createServerClock } from '../sync/clock.ts';
import { openLastKnown } from '../sync/last-known.ts';
import { originOrText, pagesOf } from '../sync/server-address.ts';
import { createSync } from '../sync/sync.ts';
import { forkTokenProcess } from '../tokens/child.ts';
import type { connectPracticeKey } from '../tokens/practice.ts';
import { createPrompts } from '../tokens/prompts.ts';
import { watchRecognition } from '../tokens/recognition.ts';
import { superviseTokens, type TokenSupervisor } from '../tokens/supervisor.ts';
import type { TrayScreen } from '../tray/menu.ts';
import { forkKeychain } from '../vault/child.ts';
import { openSystemKeychain } from '../vault/keychain.ts';
import { createVault } from '../vault/vault.ts';
import { createApprovalWindow } from '../windows/approval-window.ts';
import { guardAllContents, guardSession } from '../windows/guards.ts';
import { createMainWindow } from '../windows/main-window.ts';
import { APP_ORIGIN, serveAppScheme } from '../windows/scheme.ts';
import { createCommands } from './commands.ts';
import { type Desktop, openDesktop } from './desktop.ts';
import type { RunEnvironment } from './environment.ts';
import { createKeyFlows } from './key-flows.ts';
import type { Log } from './log.ts';
import { installMenu } from './menu.ts';
import { createNotices } from './notices.ts';
import { readPairingCode } from './pairing-code.ts';
import { createReviews } from './reviews.ts';
import { createSessionGate } from './session-gate.ts';
import type { SettingsStore } from './settings.ts';
import { autostartEntry, type StartAtLogin, systemStartAtLogin } from './start-at-login.ts';
import { createStateStore, firstState } from './state-store.ts';

/** The address of a backend embedded by `npm start`, offered until a person or an organization names another. */
const DEFAULT_SERVER = 'http://localhost:7410';

/** A window that shows itself is drawn within so many milliseconds. */
const PAINTED = 100;

/** All that the approval window is there for. */
const APPROVAL_CHANNELS: readonly IpcChannel[] = [
  'state.get',
  'approval.approve',
  'approval.deny',
  'approval.not-me',
  'approval.close',
  'challenge.answer',
  'prompt.answer',
];

export interface DoorstepOptions {
  readonly environment: RunEnvironment;
  readonly settings: SettingsStore;
  readonly log: Log;
  /** Started with the desktop: no window until the person wants one. */
  readonly hidden: boolean;
  /** Null in a release: there its code is left out. */
  readonly connectPractice: typeof connectPracticeKey | null;
}

export interface Doorstep {
  /** Opens the window, or brings it to the front. */
  show(): void;
  /** Ends everything that runs beside the window. */
  stop(): Promise<void>;
}

export function openDoorstep({ environment, settings, log, hidden, connectPractice }: DoorstepOptions): Doorstep {
  const root = app.getAppPath();
  const only = environment.server === null ? null : originOrText(environment.server);
  const server = only ?? settings.get().server ?? DEFAULT_SERVER;
  const store = createStateStore(firstState(app.getVersion(), server, false));
  const windows = isolatedSession('windows');
  guardSession(windows, log);
  guardAllContents({ log, outside: () => pagesOf(store.get().server) });
  serveAppScheme(windows, join(root, 'dist', 'app'));

  const prompts = createPrompts((prompt) => store.change({ prompt }));
  let quitting = false;
  let desktop: Desktop | null = null;
  const quit = () => app.quit();

  // Other programs read no picture out of a packaged app; there the desktop knows it by its name.
  const icon = app.isPackaged ? 'doorstep' : join(root, 'build', 'icons', 'doorstep.png');
  const frame = {
    session: windows,
    preload: join(root, 'dist', 'preload', 'index.cjs'),
    icon: join(root, 'build', 'icons', 'doorstep.png'),
    devTools: !app.isPackaged,
  };
  const window = createMainWindow({
    ...frame,
    onShown: () => {
      log.info('window.shown');
      // Nothing competes with the first window for the processor until it is on the screen.
      setTimeout(begin, PAINTED);
    },
    onFocus: () => desktop?.seen(),
    onClose: () => desktop?.hasTray() === true && !quitting,
    onClosed: quit,
    onGone: () => prompts.cancel(),
  });

  const keychain = openSystemKeychain(() => forkKeychain(join(root, 'dist', 'main', 'index.cjs')));
  const vault = createVault({
    keychain,
    installation: settings.get().installation,
    log,
    onState: (state) => store.change({ keychain: state }),
    onLateUnlock: () => void startSync(),
  });
  const gate = createSessionGate(
    (challenges) => store.change({ challenges }),
    () => reviews.hold(),
  );
  let web: Session | null = null;
  const clock = createServerClock(Date.now, (seconds) => store.change({ clockSkew: seconds }));
  const data = app.getPath('userData');
  const sync = createSync({
    store,
    vault,
    log,
    clock,
    queue: openChangeQueue(join(data, 'changes.json'), () => clock.milliseconds()),
    lastKnown: openLastKnown(join(data, 'last-known.json'), (error) => log.warn('last-known.not-kept', { code: codeOf(error) })),
    fetch: (url, init) => {
      web ??= isolatedSession('backend');
      return web.fetch(url, init);
    },
    computer: { name: computerName(), platform: process.platform, version: app.getVersion().slice(0, 32) },
    only,
    onChallenges: (challenges) => gate.set(challenges),
    onEnded: (ended) => reviews.ended(ended),
    onServer: (address) => settings.change({ server: address }),
    onForget: (wipe) => codes.forget(wipe === 'everything' ? 'everything' : 'own'),
  });
  const startSync = () => sync.start().catch((error: unknown) => log.warn('sync.not-started', { code: codeOf(error) }));

  const practice =
    environment.practice === null || connectPractice === null
      ? null
      : connectPractice(environment.practice.control, (practiceKey) => store.change({ practiceKey }));
  const tokens = deferred(() =>
    superviseTokens({
      start: () =>
        forkTokenProcess({ file: join(root, 'dist', 'main', 'token-process.cjs'), practiceSocket: environment.practice?.socket ?? null }),
      // The practice key is no device of the kernel's.
      presence:
        environment.practice === null
          ? watchPresence
          : (listener) => {
              listener(true);
              return () => undefined;
            },
      log,
      onTokens: (list) => store.change({ tokens: list }),
      onFault: (fault) => store.change({ fault }),
    }),
  );
  // Before the window is told of a change, so that it hears of a token that went and of what it was called at once.
  const stopRecognition = watchRecognition({ store, tokens: tokens.handle, log });
  const keys = createKeyFlows({ sync, tokens: tokens.handle, prompts, challenges: () => store.get().challenges });

  const notices = createNotices({ store, settings, onDismissed: (key) => sync.dismissRefusal(key) });
  const start = openStartAtLogin(environment, icon);
  store.change({ settings: { startAtLogin: start.get() } });

  const approval = createApprovalWindow({ ...frame, onClosed: () => reviews.closed() });
  const reviews = createReviews({
    store,
    window: approval,
    log,
    decide: (challenge, decision, number) => sync.decide(challenge, decision, number),
    stopKey: (id) => prompts.cancelChallenge(id),
    refresh: () => sync.refresh(),
    now: () => clock.milliseconds(),
  });

  const around = createSurroundings({ window: () => window.get(), session: windows, icon: frame.icon });
  const codes = createCodes({
    folder: data,
    store,
    vault,
    sync,
    log,
    pictures: createPictureReader({
      start: () => forkPictures(join(root, 'dist', 'main', 'picture-process.cjs')),
      wasm: join(root, 'dist', 'main', 'zxing_reader.wasm'),
    }),
    around,
    clipboard: systemClipboard,
    files: around,
    touch: () => keys.showKey({ kind: 'export' }),
    onShown: () => protect(),
  });
  // A PIN that is being typed and codes that are on show belong in no screenshot and no shared screen.
  const protect = () => {
    const asked = store.get().prompt?.prompt.kind;
    window.protect(asked === 'pin' || asked === 'new-pin' || codes.areShown());
  };

  const commands = createCommands({ store, sync, vault, prompts, keys, codes: codes.commands, reviews, notices, start, practice });
  const closeDoor = openDoor({
    commands,
    log,
    origin: APP_ORIGIN,
    channels: (contents) => {
      if (contents === window.get()?.webContents) return 'all';
      return contents === approval.get()?.webContents ? APPROVAL_CHANNELS : null;
    },
    tellState: () => store.flush(),
  });

  let before: AppState = store.get();
  store.subscribe((state) => {
    for (const each of [window, approval]) {
      const contents = each.get()?.webContents;
      if (contents !== undefined) pushState(contents, APP_ORIGIN, state);
    }
    reviews.follow(state);
    desktop?.follow(state);
    codes.follow(state);
    protect();
    for (const { id } of before.challenges) if (!state.challenges.some((challenge) => challenge.id === id)) prompts.cancelChallenge(id);
    before = state;
  });

  const open = (screen: TrayScreen | null) => {
    desktop?.seen();
    if (screen !== null) store.change({ goTo: { screen, number: (store.get().goTo?.number ?? 0) + 1 } });
    window.show();
  };
  let began = false;
  const begin = () => {
    if (began || quitting) return;
    began = true;
    void openTheRest();
  };
  const openTheRest = async () => {
    installMenu(() => window.get(), quit);
    powerMonitor.on('resume', () => sync.wake());
    tokens.start();
    const options = { store, reviews, notices, gate, log, icon, icons: join(root, 'build', 'icons'), onQuit: quit };
    const opening = openDesktop({
      ...options,
      window: { open, mark: () => window.callAttention() },
      copyCode: (id) => codes.copy(id),
      onNetwork: () => sync.wake(),
      // A window that was hidden in the tray would be out of reach.
      onTrayLost: () => window.show(),
    });
    const [opened] = await Promise.all([opening, startSync()]);
    if (quitting) {
      opened.stop();
      return;
    }
    desktop = opened;
    desktop.follow(store.get());
    await pairFromLauncher();
  };
  const pairFromLauncher = async () => {
    const code = environment.pairingCode ?? (environment.pairingCodeFromStdin ? await readPairingCode(process.stdin) : null);
    if (code === null) return;
    const pairOnce = async () => {
      stopWatching();
      await sync.pair(code, server).then(
        () => log.info('pairing.done'),
        (error: unknown) => log.warn('pairing.failed', { code: codeOf(error) }),
      );
    };
    // A pairing of an earlier run may turn out to be void only when the backend answers.
    const stopWatching = store.subscribe((state) => {
      if (state.pairing.state === 'none' || state.connection === 'removed') void pairOnce();
    });
    if (store.get().pairing.state === 'none') await pairOnce();
  };

  if (hidden) begin();
  else window.show();

  return {
    show: () => open(null),
    async stop() {
      quitting = true;
      window.release();
      approval.close();
      prompts.cancel();
      closeDoor();
      sync.stop();
      stopRecognition();
      practice?.stop();
      desktop?.stop();
      closeViewfinder();
      // What is to be forgotten goes through the keychain first.
      await Promise.all([codes.stop().finally(() => keychain.stop()), tokens.stop()]);
    },
  };
}

function openStartAtLogin({ dataFolder, server }: RunEnvironment, icon: string): StartAtLogin {
  if (process.platform !== 'linux') return systemStartAtLogin(app);
  return autostartEntry({
    config: process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'),
    command: app.isPackaged ? [process.env['APPIMAGE'] ?? process.execPath] : [process.execPath, app.getAppPath()],
    // A run from source has its data where the launcher put it.
    env: { ...(dataFolder === null ? {} : { DOORSTEP_DATA: dataFolder }), ...(server === null ? {} : { DOORSTEP_SERVER: server }) },
    icon,
  });
}

/** A session in memory alone: nothing that a window or the backend sets is written to disk. */
function isolatedSession(name: string): Session {
  return session.fromPartition(name, { cache: false });
}

function computerName(): string {
  const name = hostname().trim();
  return name === '' ? 'This computer' : name.slice(0, 64);
}

function codeOf(error: unknown): string {
  return error instanceof DoorstepError ? error.code : 'internal';
}

/** A supervisor that starts later than those who hold it. */
function deferred(make: () => TokenSupervisor) {
  let made: TokenSupervisor | null = null;
  const handle: TokenSupervisor = {
    call: (call, request, options) =>
      made === null ? Promise.reject(new DoorstepError('token.process-down')) : made.call(call, request, options),
    stop: () => made?.stop() ?? Promise.resolve(),
  };
  return {
    handle,
    start() {
      made ??= make();
    },
    stop: () => handle.stop(),
  };
}
