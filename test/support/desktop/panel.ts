/** A real panel with a tray: xfce4-panel, which owns org.kde.StatusNotifierWatcher and shows what registers there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { placeOf, type SessionEnv, say, shootScreen, startProgram, visibleWindow, waitForOwner, xdotool } from './programs.ts';

export interface Panel {
  /** Presses the one icon of its tray. */
  click(button: 'left' | 'right'): Promise<void>;
  /** A picture of the icon as it stands in the panel. @returns the file */
  shootIcon(name: string): Promise<string>;
  /** What the icon says to whoever points at it. */
  tooltip(): Promise<string>;
  stop(): Promise<void>;
}

const SETTINGS = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="40"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
      <property name="icon-size" type="int" value="24"/>
      <property name="menu-is-primary" type="bool" value="false"/>
    </property>
  </property>
</channel>
`;

export async function startPanel(env: SessionEnv): Promise<Panel> {
  const folder = join(env['XDG_CONFIG_HOME'] ?? '', 'xfce4/xfconf/xfce-perchannel-xml');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'xfce4-panel.xml'), SETTINGS);
  const settings = startProgram(env, '/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd');
  await waitForOwner(env, 'org.xfce.Xfconf');
  const panel = startProgram(env, 'xfce4-panel', ['--disable-wm-check', '--sm-client-disable']);
  await waitForOwner(env, 'org.kde.StatusNotifierWatcher');
  const window = await visibleWindow(env, 'xfce4-panel');
  return {
    async click(button) {
      await xdotool(env, 'mousemove', '24', '20', 'click', button === 'left' ? '1' : '3');
    },
    async shootIcon(name) {
      const { x, y, height } = await placeOf(env, window);
      // Without the edge of the panel.
      return shootScreen(env, name, { x: x + 5, y: y + 5, width: height - 10, height: height - 10 });
    },
    async tooltip() {
      const [item = ''] = await trayItems(env);
      const [owner = '', ...path] = item.split('/');
      const answer = await property(env, owner, `/${path.join('/')}`, 'org.kde.StatusNotifierItem', 'ToolTip');
      return /'([^']*)', '[^']*'\)>/.exec(answer)?.[1] ?? '';
    },
    async stop() {
      await panel.stop();
      await settings.stop();
      await waitForOwner(env, 'org.kde.StatusNotifierWatcher', false);
    },
  };
}

const WATCHER = 'org.kde.StatusNotifierWatcher';

/** What is registered with the panel of the session, as bus names with a path; nothing where there is no panel. */
export async function trayItems(env: SessionEnv): Promise<readonly string[]> {
  const answer = await property(env, WATCHER, '/StatusNotifierWatcher', WATCHER, 'RegisteredStatusNotifierItems');
  return [...answer.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '');
}

function property(env: SessionEnv, owner: string, path: string, of: string, name: string): Promise<string> {
  const method = '--method=org.freedesktop.DBus.Properties.Get';
  return say(env, 'gdbus', ['call', '--session', `--dest=${owner}`, `--object-path=${path}`, method, of, name]);
}
