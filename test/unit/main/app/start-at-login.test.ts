import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { autostartEntry, systemStartAtLogin } from '../../../../src/main/app/start-at-login.ts';

let config = '';
beforeEach(() => {
  config = mkdtempSync(join(tmpdir(), 'doorstep-autostart-'));
});
afterEach(() => rmSync(config, { recursive: true, force: true }));
const file = () => join(config, 'autostart', 'doorstep.desktop');
const entry = (command = ['/opt/Doorstep/doorstep'], env = {}) => autostartEntry({ config, command, env, icon: 'doorstep' });

test('on, off, and on again: the entry is there or not, private to the person', () => {
  expect(entry().get()).toBe(false);
  entry().set(true);
  expect(entry().get()).toBe(true);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readFileSync(file(), 'utf8')).toContain('\nExec=/opt/Doorstep/doorstep --hidden\n');
  entry().set(false);
  entry().set(false);
  expect(existsSync(file())).toBe(false);
  entry().set(true);
  expect(entry().get()).toBe(true);
});

test.each(['Hidden=true', 'X-GNOME-Autostart-enabled=false'])('switched off by the desktop itself: %s', (line) => {
  mkdirSync(join(config, 'autostart'));
  writeFileSync(file(), `[Desktop Entry]\nType=Application\nExec=doorstep\n${line}\n`);
  expect(entry().get()).toBe(false);
});

test('a command with odd letters is quoted as the specification asks', () => {
  entry(['/opt/a "b" $c`/el%ectron', '/home/u\\x y'], { DOORSTEP_DATA: '/home/a b' }).set(true);
  const [exec = ''] = readFileSync(file(), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Exec='));
  expect(exec).toBe(String.raw`Exec=env "DOORSTEP_DATA=/home/a b" "/opt/a \\"b\\" \\$c\\${'`'}/el%%ectron" "/home/u\\\\x y" --hidden`);
});

test('elsewhere the list is the operating system’s own', () => {
  const items = { getLoginItemSettings: vi.fn(() => ({ openAtLogin: true })), setLoginItemSettings: vi.fn() };
  const start = systemStartAtLogin(items);
  expect(start.get()).toBe(true);
  start.set(false);
  expect(items.setLoginItemSettings).toHaveBeenCalledExactlyOnceWith({ openAtLogin: false, args: ['--hidden'] });
});
