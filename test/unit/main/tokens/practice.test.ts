import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectPracticeKey, type PracticeKey, readPracticeLine } from '../../../../src/main/tokens/practice.ts';

let folder = '';
let control = '';
let server: Server | null = null;
let heard = '';
const sockets: Socket[] = [];
const states: unknown[] = [];
let key: PracticeKey | null = null;

const listen = () =>
  new Promise<void>((resolve) => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('data', (data) => {
        heard += data.toString();
      });
      socket.write('{"pluggedIn":false,"wants');
      setTimeout(() => socket.write('Touch":false}\n{"pluggedIn":true,"wantsTouch":true}\nrubbish\n'), 20);
    }).listen(control, resolve);
  });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doorstep-practice-'));
  control = join(folder, 'control.sock');
  heard = '';
  sockets.length = 0;
  states.length = 0;
});
afterEach(() => {
  key?.stop();
  for (const socket of sockets) socket.destroy();
  server?.close();
  key = null;
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

test('it follows the practice key, whenever that comes and goes', async () => {
  const opened = connectPracticeKey(control, (state) => states.push(state));
  key = opened;
  expect(() => opened.do('plug')).toThrow(expect.objectContaining({ code: 'token.none' }));
  await listen();
  await vi.waitFor(() => expect(states).toHaveLength(2), 3_000);
  expect(states).toEqual([
    { available: true, pluggedIn: false, wantsTouch: false },
    { available: true, pluggedIn: true, wantsTouch: true },
  ]);
  opened.do('touch');
  await vi.waitFor(() => expect(heard).toBe('{"do":"touch"}\n'));
  sockets[0]?.destroy();
  await vi.waitFor(() => expect(states).toContainEqual({ available: false, pluggedIn: false, wantsTouch: false }));
  await vi.waitFor(() => expect(states).toHaveLength(5), 3_000);
  expect(states.at(-1)).toEqual({ available: true, pluggedIn: true, wantsTouch: true });
});

test.each(['', 'null', '[]', '{"pluggedIn":1,"wantsTouch":false}', '{"pluggedIn":true}'])('the line %j says nothing', (line) => {
  expect(readPracticeLine(line)).toBeNull();
});
