/** The two commands from a fresh clone to the open window and to the last line of a suite, and a second time. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRoot, newPerson, type Person, root } from './person.ts';
import { CTRL_C, openTerminal, type Terminal } from './terminal.ts';

const STEPS = ['Debian packages', 'npm packages, with the Node that Doorstep runs on', 'the Electron runtime', 'the windows and pages'];
/** The window's title until the demonstration has connected it. */
const NOT_CONNECTED = 'Connect this computer';
const pictures = path.join(root, 'test-results', 'setup');

/** A program's answer on the display that the terminal named. */
function onDisplay(person: Person, terminal: Terminal, command: string[]): string {
  const display = /virtual one \((:\d+)\)/.exec(terminal.shown())?.[1] ?? '';
  const { program, words } = person.as(command);
  const answer = spawnSync(program, words, { cwd: person.temporary, encoding: 'utf8', env: { ...person.env, DISPLAY: display } });
  expect(answer.status, `${command.join(' ')}: ${answer.stderr}`).toBe(0);
  return answer.stdout;
}

/** How many colors a picture has: an empty window has one, a window that shows something has hundreds. */
function countColors(ppm: Buffer): number {
  const [, width, height] = /^P6\s(?:#.*\s)*(\d+)\s(\d+)\s255\s/.exec(ppm.toString('latin1', 0, 200)) ?? [];
  const pixels = ppm.subarray(ppm.length - Number(width) * Number(height) * 3);
  const colors = new Set<number>();
  for (let at = 0; at < pixels.length; at += 3) colors.add(pixels.readUIntBE(at, 3));
  return colors.size;
}

/** Looks at the display from outside: Doorstep's window is there, is seen, shows something, and gets connected. */
async function lookAtWindow(person: Person, terminal: Terminal, name: string): Promise<void> {
  const [id = ''] = onDisplay(person, terminal, ['xdotool', 'search', '--onlyvisible', '--class', '^doorstep$']).trim().split('\n');
  const facts = onDisplay(person, terminal, ['xwininfo', '-id', id]);
  expect(facts).toContain('Map State: IsViewable');
  expect(Number(/Width: (\d+)/.exec(facts)?.[1])).toBeGreaterThan(300);
  expect(Number(/Height: (\d+)/.exec(facts)?.[1])).toBeGreaterThan(300);
  const title = () => onDisplay(person, terminal, ['xdotool', 'getwindowname', id]).trim();
  for (let tries = 0; tries < 40 && title() === NOT_CONNECTED; tries += 1) await sleep(250);
  expect(title()).not.toBe(NOT_CONNECTED);
  for (const kind of ['ppm', 'png']) onDisplay(person, terminal, ['scrot', '--overwrite', path.join(person.temporary, `${name}.${kind}`)]);
  mkdirSync(pictures, { recursive: true });
  copyFileSync(path.join(person.temporary, `${name}.png`), path.join(pictures, `${name}.png`));
  expect(countColors(readFileSync(path.join(person.temporary, `${name}.ppm`)))).toBeGreaterThan(100);
  for (const kind of ['ppm', 'png']) spawnSync('rm', [path.join(person.temporary, `${name}.${kind}`)]);
}

function addresses(shown: string): { name: string; address: string }[] {
  return ['sign-in page', 'security page', 'a service to try'].map((name) => {
    const address = new RegExp(`^ {2}${name} +(http://localhost:\\S+)$`, 'm').exec(shown)?.[1];
    if (address === undefined) throw new Error(`the address of the ${name} was not printed:\n${shown}`);
    return { name, address };
  });
}

async function stopWithCtrlC(person: Person, terminal: Terminal): Promise<void> {
  const open = addresses(terminal.shown());
  terminal.press(CTRL_C);
  expect(await terminal.ended(15)).toBe(0);
  expect(terminal.shown()).toContain('Doorstep is stopping.');
  expect(terminal.shown()).not.toContain('could not go on');
  // A process that has ended may be seen for a moment more.
  for (let tries = 0; tries < 20 && person.processes().length > 0; tries += 1) await sleep(100);
  expect(person.processes()).toEqual([]);
  for (const { address } of open) await expect(fetch(address)).rejects.toThrow('fetch failed');
  // The one is of npm itself.
  expect(readdirSync(person.temporary).filter((name) => name !== 'node-compile-cache')).toEqual([]);
}

function commands(who: 'ordinary' | 'root'): void {
  let person: Person;
  let terminal: Terminal;
  const start = () => (who === 'root' ? `npm start -- --data ${path.join(person.folder, 'shared', 'data')}` : 'npm start');
  beforeAll(() => {
    person = newPerson(who);
  });
  afterAll(async () => {
    if (person.processes().length > 0) {
      terminal.press(CTRL_C);
      await terminal.ended(15);
    }
    person.remove();
  });

  it('npm start sets up, says how far it is, and opens the window on a virtual display', async () => {
    terminal = openTerminal(person, start());
    await terminal.until(/Press Ctrl-C to stop\./, 240);
    const shown = terminal.shown();
    for (const [index, step] of STEPS.entries()) expect(shown).toContain(`[${index + 1}/4] ${step}\n`);
    expect(shown).toMatch(/There is no display here: Doorstep opens its window on a virtual one \(:\d+\)\./);
    expect(shown.includes('You are root')).toBe(who === 'root');
    expect(shown).toContain('These passwords are shown this once:');
    await lookAtWindow(person, terminal, `first-start-${who}`);
  });

  it('the pages answer at the addresses that it printed', async () => {
    for (const { name, address } of addresses(terminal.shown())) {
      const answer = await fetch(address);
      expect(answer.status, name).toBe(200);
      expect(await answer.text(), name).toMatch(/<title>[^<]+<\/title>/);
    }
  });

  it('Ctrl-C stops everything and leaves nothing', () => stopWithCtrlC(person, terminal));

  it('a second npm start has nothing to set up, and finds the people of the first', async () => {
    terminal = openTerminal(person, start());
    await terminal.until(/Press Ctrl-C to stop\./, 30);
    expect(terminal.shown()).not.toContain('setting itself up');
    expect(terminal.shown()).not.toMatch(/\[\d\/\d\]/);
    expect(terminal.shown()).not.toContain('passwords');
    await lookAtWindow(person, terminal, `second-start-${who}`);
    await stopWithCtrlC(person, terminal);
  });

  it('npm test runs a suite and ends in its total', async () => {
    const { status, output } = await person.run(['npm', 'test', '--', 'fence']);
    expect(output.trimEnd().split('\n').at(-1)).toMatch(/^[1-9]\d* passed, 0 failed$/);
    expect(status).toBe(0);
  });

  it('npm start says what to do where there is neither a display nor Xvfb', async () => {
    const { status, output } = await person.run(['sh', '-c', start()], { PATH: person.pathWithout(['Xvfb']) });
    expect(status).toBe(1);
    expect(output).toContain(
      'Doorstep could not go on: there is no display, and no Xvfb to make one.\nInstall the package xvfb, then try again.\n',
    );
    expect(person.processes()).toEqual([]);
  });
}

describe('as an ordinary user', () => commands('ordinary'));
if (isRoot) describe('as root, in a folder that is closed to others', () => commands('root'));
else console.log('The two commands are shown as an ordinary user. Run this suite as root to see them as root too.');
