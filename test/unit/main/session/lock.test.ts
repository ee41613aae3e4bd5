import { beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../../../src/main/app/log.ts';
import { type LockWatch, watchLock } from '../../../../src/main/session/lock.ts';
import { ScriptedBus } from '../bus/scripted-bus.ts';

const LOGIND = 'org.freedesktop.login1';
const SESSION = 'org.freedesktop.login1.Session';
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const PATH = '/org/freedesktop/login1/session/_32';
const variant = (value: unknown) => ({ signature: '', value });

let session: ScriptedBus;
let system: ScriptedBus;
let changes: boolean[];
let tellSystem: (locked: boolean) => void;
let hint: boolean;
let active: boolean;

const open = async (name?: string): Promise<LockWatch> => {
  const watch = watchLock({
    session,
    system,
    process: { pid: 4242, uid: 1000, session: name },
    other(tell) {
      tellSystem = tell;
      return () => undefined;
    },
    log: createLog(() => undefined),
    onChange: (locked) => changes.push(locked),
  });
  await watch.ready;
  return watch;
};

/** logind with one session; `ways` are the calls by which that one is found. */
const logind = (...ways: string[]) =>
  system.own(LOGIND, ':1.2', (call) => {
    if (call.member === 'GetAll' && call.path === PATH) return [{ LockedHint: variant(hint), Active: variant(active) }];
    if (!ways.includes(call.member)) throw new Error('no such session');
    if (call.member === 'GetUser') return ['/org/freedesktop/login1/user/_1000'];
    if (call.member === 'Get') return [variant(['2', PATH])];
    return [PATH];
  });
const changed = (members: object, path = PATH) => system.emit(LOGIND, PROPERTIES, 'PropertiesChanged', [SESSION, members, []], path);

beforeEach(() => {
  session = new ScriptedBus();
  system = new ScriptedBus();
  changes = [];
  hint = false;
  active = true;
});

test('nobody who could say so: not locked', async () => {
  expect((await open()).locked()).toBe(false);
  expect(changes).toEqual([]);
});

test.each([
  ['by its name', 'c2', ['GetSession']],
  ['by the process', undefined, ['GetSessionByPID']],
  ['as the display of the user', 'gone', ['GetUser', 'Get']],
])('logind finds the session %s, and its hint says whether it is locked', async (_name, named, ways) => {
  hint = true;
  logind(...ways);
  expect((await open(named)).locked()).toBe(true);
  changed({ LockedHint: variant(false) });
  expect(changes).toEqual([true, false]);
});

test('what another session does is no matter', async () => {
  logind('GetSessionByPID');
  await open();
  changed({ LockedHint: variant(true) }, '/org/freedesktop/login1/session/_39');
  system.emit(LOGIND, SESSION, 'Lock', [], '/org/freedesktop/login1/session/_39');
  expect(changes).toEqual([]);
});

test('a lock that is asked for holds at once, until the desktop says otherwise', async () => {
  logind('GetSessionByPID');
  await open();
  system.emit(LOGIND, SESSION, 'Lock', [], PATH);
  changed({ LockedHint: variant(true) });
  expect(changes).toEqual([true]);
  changed({ LockedHint: variant(false) });
  expect(changes).toEqual([true, false]);
  system.emit(LOGIND, SESSION, 'Lock', [], PATH);
  system.emit(LOGIND, SESSION, 'Unlock', [], PATH);
  expect(changes).toEqual([true, false, true, false]);
});

test('a locker that never says that it is done: the person who uses the window has unlocked', async () => {
  logind('GetSessionByPID');
  const watch = await open();
  system.emit(LOGIND, SESSION, 'Lock', [], PATH);
  watch.seen();
  expect(watch.locked()).toBe(false);
  changed({ LockedHint: variant(true) });
  watch.seen();
  expect(watch.locked()).toBe(true);
});

test('another person at the screen is as good as a lock', async () => {
  logind('GetSessionByPID');
  await open();
  changed({ Active: variant(false) });
  changed({ Active: variant(true) });
  expect(changes).toEqual([true, false]);
});

test.each([
  'org.freedesktop.ScreenSaver',
  'org.gnome.ScreenSaver',
  'org.mate.ScreenSaver',
  'org.cinnamon.ScreenSaver',
  'org.xfce.ScreenSaver',
])('%s is asked, heard, and forgotten when it goes', async (name) => {
  session.own(name, ':1.5', () => [true]);
  const watch = await open();
  expect(watch.locked()).toBe(true);
  session.emit(name, name, 'ActiveChanged', [false]);
  session.emit(name, name, 'ActiveChanged', [true]);
  session.leave(name);
  expect(changes).toEqual([true, false, true, false]);
});

test('one that says locked is enough, whatever the others say', async () => {
  logind('GetSessionByPID');
  session.own('org.gnome.ScreenSaver', ':1.5', () => [false]);
  await open();
  tellSystem(true);
  changed({ LockedHint: variant(true) });
  session.emit('org.gnome.ScreenSaver', 'org.gnome.ScreenSaver', 'ActiveChanged', [true]);
  tellSystem(false);
  changed({ LockedHint: variant(false) });
  expect(changes).toEqual([true]);
  session.emit('org.gnome.ScreenSaver', 'org.gnome.ScreenSaver', 'ActiveChanged', [false]);
  await vi.waitFor(() => expect(changes).toEqual([true, false]));
});
