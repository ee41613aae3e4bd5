import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSettings } from '../../../../src/main/app/settings.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doorstep-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the folder and the file are private to the user', () => {
  openSettings(join(folder, 'new'));
  expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'new', 'settings.json')).mode & 0o777).toBe(0o600);
});

test('what was changed is there after a restart, and no draft is left', () => {
  const first = openSettings(folder);
  first.change({ server: 'https://id.example' });
  first.change({ told: ['no-tray'] });
  const second = openSettings(folder);
  expect(second.get()).toEqual({ installation: first.get().installation, server: 'https://id.example', told: ['no-tray'] });
  expect(readdirSync(folder)).toEqual(['settings.json']);
});

test.each(['', 'null', '{}', '{"installation":"../../x","server":null}', '{"installation":7}'])(
  'a file that makes no sense is replaced: %s',
  (text) => {
    writeFileSync(join(folder, 'settings.json'), text);
    const settings = openSettings(folder).get();
    expect(settings.installation).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'))).toEqual(settings);
  },
);
