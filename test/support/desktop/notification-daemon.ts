/** Real notification daemons in the session of a test, and a person who presses what they show. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Program, type SessionEnv, say, startProgram, visibleWindow, waitForOwner, xdotool } from './programs.ts';

const NAME = 'org.freedesktop.Notifications';

export interface NotificationDaemon {
  /** How many notifications are on the screen. */
  count(): Promise<number>;
  /** Summary and body of what is on the screen, newest first, as the daemon has them. */
  shown(): Promise<readonly { readonly summary: string; readonly body: string }[]>;
  /** Clicks the newest notification: its default action. */
  click(): Promise<void>;
  /** Opens the menu of its buttons and chooses one by its name. */
  choose(button: string): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** dunst: a click is the default action, the other button of the mouse opens the list of buttons. */
export async function startDunst(env: SessionEnv): Promise<NotificationDaemon> {
  const folder = join(env['XDG_CONFIG_HOME'] ?? '', 'dunst');
  mkdirSync(folder, { recursive: true });
  const choice = join(folder, 'choice');
  const menu = join(folder, 'menu.sh');
  // Stands for dmenu: takes the line that names the button that the person wants.
  writeFileSync(menu, `#!/bin/sh\ngrep -F -m1 "$(cat ${choice})"\n`, { mode: 0o700 });
  const config = join(folder, 'dunstrc');
  writeFileSync(
    config,
    [
      '[global]',
      'monitor = 0',
      'width = 380',
      'offset = 20x40',
      'markup = full',
      'format = "<b>%s</b>\\n%b"',
      'font = Sans 11',
      `dmenu = ${menu}`,
      'mouse_left_click = do_action',
      'mouse_right_click = context',
      'icon_position = left',
      'max_icon_size = 48',
    ].join('\n'),
  );
  const daemon = startProgram(env, 'dunst', ['-config', config]);
  await waitForOwner(env, NAME);
  const press = async (button: '1' | '3') => {
    const window = await visibleWindow(env, 'Dunst');
    await xdotool(env, 'mousemove', '--window', window, '120', '30', 'click', button);
  };
  return {
    count: async () => Number((await say(env, 'dunstctl', ['count', 'displayed'])).trim() || 0),
    async shown() {
      const history = await say(env, 'dunstctl', ['history']);
      return history === '' ? [] : readHistory(history);
    },
    click: () => press('1'),
    async choose(button) {
      writeFileSync(choice, button);
      await press('3');
    },
    async stop(signal) {
      await daemon.stop(signal);
      await waitForOwner(env, NAME, false);
    },
  };
}

interface History {
  readonly data: readonly (readonly { readonly summary: { readonly data: string }; readonly body: { readonly data: string } }[])[];
}

function readHistory(text: string) {
  const { data } = JSON.parse(text) as History;
  return (data[0] ?? []).map(({ summary, body }) => ({ summary: summary.data, body: body.data }));
}

/** xfce4-notifyd: its notifications have buttons to press. */
export async function startXfceNotifyd(env: SessionEnv): Promise<Program & { window(): Promise<string> }> {
  const daemon = startProgram(env, '/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd');
  await waitForOwner(env, NAME);
  return { ...daemon, window: () => visibleWindow(env, 'xfce4-notifyd') };
}
