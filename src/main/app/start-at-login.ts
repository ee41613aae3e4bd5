/** Starts the app when the person signs in to their desktop, if they want that. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The word with which the app starts without its window. */
export const HIDDEN_WORD = '--hidden';

export interface StartAtLogin {
  get(): boolean;
  /** @throws where the operating system refuses */
  set(on: boolean): void;
}

/** Windows and macOS keep a list of their own. */
export interface LoginItems {
  getLoginItemSettings(options: { args: string[] }): { readonly openAtLogin: boolean };
  setLoginItemSettings(settings: { openAtLogin: boolean; args: string[] }): void;
}

export function systemStartAtLogin(items: LoginItems): StartAtLogin {
  const args = [HIDDEN_WORD];
  return {
    get: () => items.getLoginItemSettings({ args }).openAtLogin,
    set: (on) => items.setLoginItemSettings({ openAtLogin: on, args }),
  };
}

export interface AutostartOptions {
  /** XDG_CONFIG_HOME, or ~/.config. */
  readonly config: string;
  /** The program and its arguments, without the word above. */
  readonly command: readonly string[];
  /** What it must find in its environment, such as the data folder of a run from source. */
  readonly env: Readonly<Record<string, string>>;
  readonly icon: string;
}

/** An entry of the desktop's own list (Desktop Application Autostart Specification 0.5, freedesktop.org). */
export function autostartEntry({ config, command, env, icon }: AutostartOptions): StartAtLogin {
  const folder = join(config, 'autostart');
  const file = join(folder, 'doorstep.desktop');
  const words =
    Object.keys(env).length === 0 ? command : ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...command];
  return {
    get() {
      try {
        const text = readFileSync(file, 'utf8');
        // A person, or their desktop's settings, may have switched it off in the file itself.
        return !/^\s*(Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$/im.test(text);
      } catch {
        return false;
      }
    },
    set(on) {
      if (!on) {
        rmSync(file, { force: true });
        return;
      }
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const lines = [
        '[Desktop Entry]',
        'Type=Application',
        'Name=Doorstep',
        'Comment=Two-step login for people without a phone',
        `Exec=${[...words, HIDDEN_WORD].map(execWord).join(' ')}`,
        `Icon=${escapeValue(icon)}`,
        'Terminal=false',
        'X-GNOME-Autostart-enabled=true',
      ];
      const draft = `${file}.new`;
      writeFileSync(draft, `${lines.join('\n')}\n`, { mode: 0o600 });
      renameSync(draft, file);
    },
  };
}

/** One argument of Exec, quoted (Desktop Entry Specification 1.5, "The Exec key"), then escaped as any value. */
function execWord(word: string): string {
  const percent = word.replaceAll('%', '%%');
  const quoted = /^[A-Za-z0-9_@%+=:,./-]+$/.test(percent) ? percent : `"${percent.replace(/["`$\\]/g, (sign) => `\\${sign}`)}"`;
  return escapeValue(quoted);
}

function escapeValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r');
}
