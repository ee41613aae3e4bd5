/** A person's desk for a test: a session with its keychain open, a window manager, a backend, and the app that is paired with it. */
import { test as base, expect } from '@playwright/test';
import { type DemoBackend, startDemoBackend } from './demo-backend.ts';
import { type DoorstepApp, launchDoorstep } from './doorstep.ts';
import { shootScreen, startWindowManager } from './programs.ts';
import { type DesktopSession, startDesktopSession } from './session.ts';

export interface Desk {
  readonly session: DesktopSession;
  readonly backend: DemoBackend;
  /** The app that was opened last. @throws before `open` */
  readonly doorstep: DoorstepApp;
  /** Opens the app and waits until it is online: paired first, or with the data folder of an earlier run. */
  open(data?: string): Promise<DoorstepApp>;
}

/** Nobody but the test starts a service in the session: there is a panel, or something that notifies, only where it starts one. */
export const test = base.extend<{ readonly desk: Desk }>({
  desk: async ({ browserName: _ }, use, info) => {
    const [session, backend] = await Promise.all([startDesktopSession({ activation: false }), startDemoBackend()]);
    await session.unlockKeyring();
    const manager = await startWindowManager(session.env);
    let opened: DoorstepApp | null = null;
    const desk: Desk = {
      session,
      backend,
      get doorstep() {
        if (opened === null) throw new Error('the app was not opened');
        return opened;
      },
      async open(data) {
        const code = data === undefined ? { DOORSTEP_PAIRING_CODE: backend.demo.pairingCode } : {};
        const options = { env: { ...session.env, ...code }, server: backend.origin };
        const app = await launchDoorstep(data === undefined ? options : { ...options, data });
        opened = app;
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
    await session.stop();
  },
});
