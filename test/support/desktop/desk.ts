/** A person's desk for a test: a session with its keychain open, a window manager, a backend, and the app that is paired with it. */
import { test as base, expect } from '@playwright/test';
import { type Bus, createBus } from '../token/index.ts';
import { type DemoBackend, startDemoBackend } from './demo-backend.ts';
import { type DoorstepApp, launchDoorstep } from './doorstep.ts';
import { shootScreen, startWindowManager } from './programs.ts';
import { type DesktopSession, type SessionOptions, startDesktopSession } from './session.ts';

interface OpenOptions {
  /** The folder of an earlier run; without it a fresh one. */
  readonly data?: string;
  /** What the app finds in its environment beside the session. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Desk {
  readonly session: DesktopSession;
  /** As it runs now. */
  readonly backend: DemoBackend;
  /** Stops the backend where it runs, and starts it with the same data. */
  restartBackend(): Promise<void>;
  /** The app that was launched last. @throws before the first one */
  readonly doorstep: DoorstepApp;
  launch(options?: OpenOptions): Promise<DoorstepApp>;
  /** Launches the app and waits until it is online: paired first, or with the data folder of an earlier run. */
  open(options?: OpenOptions): Promise<DoorstepApp>;
}

interface Fixtures extends Required<SessionOptions> {
  /** Its keychain is open. */
  readonly session: DesktopSession;
  /** Keys are plugged in here; whatever is launched with its `env` finds them. */
  readonly bus: Bus;
  readonly desk: Desk;
  /** The app with the keys of `bus`, and a backend that never answers. */
  readonly alone: DoorstepApp;
}

export const test = base.extend<Fixtures>({
  /** Nobody but the test starts a service in the session: there is a panel, or something that notifies, only where it starts one. */
  activation: [false, { option: true }],

  session: async ({ activation }, use) => {
    const session = await startDesktopSession({ activation });
    await session.unlockKeyring();
    await use(session);
    await session.stop();
  },

  bus: async ({ browserName: _ }, use) => {
    const bus = createBus();
    await use(bus);
    await bus.close();
  },

  desk: async ({ session }, use, info) => {
    let backend = await startDemoBackend();
    const manager = await startWindowManager(session.env);
    let opened: DoorstepApp | null = null;
    const desk: Desk = {
      session,
      get backend() {
        return backend;
      },
      async restartBackend() {
        backend = await backend.restart();
      },
      get doorstep() {
        if (opened === null) throw new Error('the app was not opened');
        return opened;
      },
      async launch({ env, ...data } = {}) {
        opened = await launchDoorstep({ env: { ...session.env, ...env }, server: backend.origin, ...data });
        return opened;
      },
      async open(options = {}) {
        const code = options.data === undefined ? { DOORSTEP_PAIRING_CODE: backend.demo.pairingCode } : {};
        const app = await desk.launch({ ...options, env: { ...options.env, ...code } });
        await expect.poll(async () => (await app.state()).connection).toBe('online');
        return app;
      },
    };
    await use(desk);
    if (info.status !== info.expectedStatus) {
      await shootScreen(session.env, `failed-${info.title.slice(0, 20).replaceAll(/\W/g, '-')}`);
      console.log(desk.doorstep.log());
    }
    await desk.doorstep.quit();
    desk.doorstep.remove();
    await manager.stop();
    await backend.stop();
  },

  alone: async ({ session, bus }, use, info) => {
    const app = await launchDoorstep({ env: { ...session.env, ...bus.env }, server: 'http://localhost:1' });
    await use(app);
    if (info.status !== info.expectedStatus) console.log(app.log());
    await app.quit();
    app.remove();
  },
});
