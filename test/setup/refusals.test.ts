/** What the two commands say where they cannot go on: a cause, a remedy, an exit code, and nothing half done. */
import { chmodSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newPerson, type Person, packagesWithout, placeFile } from './person.ts';

const CLOSED_REGISTRY = 'http://127.0.0.1:9/';

describe('in a fresh clone, as an ordinary user', () => {
  let person: Person;
  beforeAll(() => {
    person = newPerson('ordinary');
  });
  afterEach(() => {
    expect(person.leftBehind()).toBe('');
    expect(person.processes()).toEqual([]);
  });
  afterAll(() => person.remove());

  const setUp = (purpose: string, env: NodeJS.ProcessEnv) => person.run(['node', 'scripts/setup.mjs', purpose], env);
  const withSudo = () => ({
    PATH: `${path.dirname(placeFile(person.folder, 'sudo', '#!/bin/sh\nexit 1\n', 0o755))}:${person.env['PATH']}`,
  });
  const withoutSudo = () => ({ PATH: person.pathWithout(['sudo']) });

  it('lists the missing packages of npm test, and the one line that installs them', async () => {
    const { status, output } = await setUp('test', { ...packagesWithout(person.folder, ['xdotool', 'libnss3', 'xvfb']), ...withSudo() });
    expect(status).toBe(1);
    expect(output).toContain('[1/4] Debian packages\n');
    expect(output).not.toContain('[2/4]');
    expect(output).toContain('Doorstep could not go on: these Debian packages are missing: libnss3, xvfb, xdotool.\n');
    expect(output.trimEnd().split('\n').slice(-2)).toEqual([
      'Install them with this one line, then try again:',
      '  sudo apt-get install -y --no-install-recommends libnss3 xvfb xdotool',
    ]);
  });

  it('gives a line that works without sudo where there is no sudo', async () => {
    const { status, output } = await setUp('test', { ...packagesWithout(person.folder, ['xdotool', 'xvfb']), ...withoutSudo() });
    expect(status).toBe(1);
    expect(output.trimEnd().split('\n').at(-1)).toBe("  su - -c 'apt-get install -y --no-install-recommends xvfb xdotool'");
  });

  it('asks for the new name of a package or the old one, whichever this Debian has', async () => {
    const { output } = await setUp('start', { ...packagesWithout(person.folder, ['libgtk-3-0', 'libgtk-3-0t64']), ...withSudo() });
    expect(output).toMatch(/missing: (libgtk-3-0|libgtk-3-0t64)\.\n/);
  });

  it('asks for a virtual display for npm start where there is no display', async () => {
    const { status, output } = await person.run(['npm', 'start'], packagesWithout(person.folder, ['xvfb', 'xdotool']));
    expect(status).not.toBe(0);
    expect(output).toContain('these Debian packages are missing: xvfb.');
  });

  it('asks for no virtual display for npm start where there is a display', async () => {
    const missing = packagesWithout(person.folder, ['xvfb', 'xdotool', 'libnss3']);
    const { status, output } = await person.run(['npm', 'start'], { ...missing, DISPLAY: ':99' });
    expect(status).not.toBe(0);
    expect(output).toContain('these Debian packages are missing: libnss3.');
  });

  it('asks for the packages of the bench for the bench alone, with a line that starts no service', async () => {
    const missing = packagesWithout(person.folder, ['dbconfig-no-thanks', 'glewlwyd', 'strace', 'xdotool']);
    expect((await setUp('test', missing)).output).toContain('are missing: xdotool.');
    const { status, output } = await setUp('bench', { ...missing, ...withSudo() });
    expect(status).toBe(1);
    expect(output).toContain('are missing: xdotool, dbconfig-no-thanks, glewlwyd, strace.');
    const line = output.trimEnd().split('\n').at(-1);
    expect(line).toMatch(
      /^ {2}sudo sh -c '.*ln -sf \/dev\/null \/etc\/systemd\/system\/glewlwyd\.service.*&& apt-get install .* xdotool dbconfig-no-thanks glewlwyd strace'$/,
    );
  });

  it.each([
    ['npm start', ['npm', 'start', '--', '--bogus'], 'it does not know the word "--bogus".', 'Usage: npm start'],
    ['npm start --server', ['npm', 'start', '--', '--server', 'nowhere'], '"nowhere" is not an address.', 'Give one such as https://'],
    ['npm start --data', ['npm', 'start', '--', '--data'], '--data has nothing behind it.', 'Usage: npm start'],
    ['npm test', ['npm', 'test', '--', 'bogus'], 'there is no suite bogus.', 'The suites are: static, unit, fence'],
    ['npm run setup', ['npm', 'run', 'setup', '--', 'bogus'], 'it does not know the words "bogus".', 'Usage: npm run setup'],
  ])('refuses a word that it does not know, before anything else: %s', async (_name, command, cause, remedy) => {
    const { status, output } = await person.run(command);
    expect(status).toBe(1);
    expect(output).toContain(`Doorstep could not go on: ${cause}\n${remedy}`);
    expect(output).not.toContain('setting itself up');
  });

  it.each(['setup', 'start', 'test', 'check', 'bench'])(
    'says that the Node is too old, before it reads the scripts: npm run %s',
    async (name) => {
      const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.19.0' } });\n";
      const file = placeFile(person.folder, 'older.cjs', older, 0o644);
      const { scripts } = JSON.parse(readFileSync(path.join(person.clone, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
      const { status, output } = await person.run(['sh', '-c', scripts[name] ?? ''], { NODE_OPTIONS: `--require ${file}` });
      expect(status).toBe(1);
      expect(output).toBe(
        '\nDoorstep could not go on: this is Node 18.19.0.\n' +
          'Install Node 20 or newer, then try again. Doorstep brings the Node that it runs on itself.\n',
      );
    },
  );

  it('says in less than a minute that the npm registry cannot be reached, and gives signs of life until then', async () => {
    const empty = path.join(person.temporary, 'no-cache');
    const { status, output, seconds } = await setUp('start', { npm_config_cache: empty, npm_config_registry: CLOSED_REGISTRY });
    expect(status).toBe(1);
    expect(seconds).toBeLessThan(60);
    expect(output).toContain(
      '[2/4] npm packages, with the Node that Doorstep runs on\n  about 240 MB the first time\n  still at it, after 10 s\n',
    );
    expect(output).toContain(
      'Doorstep could not go on: the npm packages could not be installed.\n' +
        'Check the network and the npm registry, then try again. npm said:\nnpm error code ECONNREFUSED\n',
    );
    // What was done stays done: the check of the packages is not repeated.
    expect(person.leftBehind()).toBe('!! .doorstep/\n');
    await person.run(['rm', '-r', '.doorstep']);
  });

  it('says that there is no npm', async () => {
    const { status, output } = await setUp('start', { PATH: person.pathWithout(['npm']) });
    expect(status).toBe(1);
    expect(output).toContain('Doorstep could not go on: there is no npm.\nInstall npm, then try again.\n');
    await person.run(['rm', '-r', '.doorstep']);
  });

  it('says that the clone is somebody else’s', async () => {
    chmodSync(person.clone, 0o555);
    try {
      const { status, output } = await setUp('start', {});
      expect(status).toBe(1);
      expect(output).toContain(
        `Doorstep could not go on: ${person.clone} cannot be written by you.\nClone the project into a folder of your own`,
      );
    } finally {
      chmodSync(person.clone, 0o755);
    }
  });
});
