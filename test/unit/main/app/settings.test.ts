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
  for (const file of ['settings.json', 'installation']) expect(statSync(join(folder, 'new', file)).mode & 0o777).toBe(0o600);
});

test('what was changed is there after a restart, and no draft is left', () => {
  const first = openSettings(folder);
  first.change({ server: 'https://id.example' });
  first.change({ told: ['no-tray'] });
  const second = openSettings(folder);
  expect(second.get()).toEqual({ installation: first.get().installation, server: 'https://id.example', told: ['no-tray'] });
  expect(readdirSync(folder).sort()).toEqual(['installation', 'settings.json']);
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

const BROKEN = ['', 'null', '{}', '7', '{"installation":', '{"installation":"AAAAAAAAAAAAAAAAAAAAAA","server":null}'];
test.each(BROKEN)('settings that broke do not lose the name of the entries in the keychain: %s', (text) => {
  const { installation } = openSettings(folder).get();
  writeFileSync(join(folder, 'settings.json'), text);
  expect(openSettings(folder).get()).toEqual({ installation, server: null, told: [] });
  expect(JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'))).toMatchObject({ installation });
});

test.each([[null], ['']])('a name that is lost is taken from the settings: %j', (text) => {
  const first = openSettings(folder);
  first.change({ server: 'https://id.example' });
  if (text === null) rmSync(join(folder, 'installation'));
  else writeFileSync(join(folder, 'installation'), text);
  expect(openSettings(folder).get()).toEqual(first.get());
  expect(readFileSync(join(folder, 'installation'), 'utf8')).toBe(`${first.get().installation}\n`);
});
