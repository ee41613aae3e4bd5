import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BROADCAST, Command, packetsOf } from '../../../support/token/ctaphid/wire.ts';
import { createBus, loadState, saveState, serveToken, VirtualToken } from '../../../support/token/index.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doorstep-token-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const INIT = Buffer.concat([Buffer.of(0), packetsOf(BROADCAST, Command.INIT, Buffer.alloc(8, 7))[0]!]);

async function open(path: string): Promise<Socket> {
  const socket = connect(path);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

const report = (socket: Socket): Promise<Buffer> => new Promise((resolve) => socket.once('data', resolve));

describe('the socket of a token', () => {
  it('gives every report to everybody, whatever pieces the frames come in', async () => {
    const server = await serveToken(new VirtualToken(), join(folder, 'token'));
    const [first, second] = [await open(server.socketPath), await open(server.socketPath)];
    const heard = [report(first), report(second)];
    first.write(INIT.subarray(0, 10));
    await new Promise((resolve) => setTimeout(resolve, 20));
    first.write(INIT.subarray(10));
    const [one, two] = await Promise.all(heard);
    expect(one).toHaveLength(64);
    expect(one).toEqual(two);
    first.destroy();
    second.destroy();
    await server.close();
  });

  it('is gone when the token is pulled out', async () => {
    const token = new VirtualToken();
    const server = await serveToken(token, join(folder, 'token'));
    const socket = await open(server.socketPath);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    token.unplug();
    await closed;
    expect(existsSync(server.socketPath)).toBe(false);
  });
});

describe('the bus', () => {
  it('takes tokens in and out, and uses the lowest number again', async () => {
    const bus = createBus();
    const first = await bus.plug(new VirtualToken());
    const second = await bus.plug(new VirtualToken());
    expect([first.path, second.path]).toEqual(['/dev/hidraw0', '/dev/hidraw1']);
    await first.unplug();
    expect((await bus.plug(new VirtualToken())).path).toBe('/dev/hidraw0');
    await bus.close();
    expect(existsSync(bus.env['DOORSTEP_HIDRAW_BUS'] ?? '')).toBe(false);
  });
});

describe('what a token keeps', () => {
  it('is written for its owner alone and read back', () => {
    const path = join(folder, 'state.json');
    expect(loadState(path)).toBeNull();
    const { state } = new VirtualToken();
    state.templates.push({ id: Buffer.of(1, 2), name: 'left thumb' });
    saveState(path, state);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loadState(path)).toEqual(state);
    expect(readFileSync(path, 'utf8')).toContain('protect nothing');
  });

  it('is not taken from another file', () => {
    expect(() => loadState(new URL('../../../../package.json', import.meta.url).pathname)).toThrow('is not the state of a practice key');
  });
});

describe('the practice key', () => {
  let child: ChildProcess | null = null;

  afterEach(() => {
    child?.kill();
    child = null;
  });

  /** Tries for 5 s: a socket is there for a moment before anybody listens on it. */
  async function openSoon(path: string): Promise<Socket> {
    for (let left = 200; left > 0; left -= 1) {
      const opened = await open(path).catch(() => null);
      if (opened !== null) return opened;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return open(path);
  }

  /** Starts it, and gives a way to talk to its control socket. */
  async function start() {
    const paths = { socket: join(folder, 'report'), control: join(folder, 'control'), state: join(folder, 'state.json') };
    const script = new URL('../../../support/token/practice.ts', import.meta.url).pathname;
    child = spawn(process.execPath, [script, '--socket', paths.socket, '--control', paths.control, '--state', paths.state], {
      stdio: 'inherit',
    });
    const control = await openSoon(paths.control);
    const lines = createInterface({ input: control })[Symbol.asyncIterator]();
    const state = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? 'null');
    const say = (what: string): boolean => control.write(`${JSON.stringify({ do: what })}\n`);
    return { paths, state, say, control };
  }

  it('comes and goes as it is told, wants a touch by hand, and remembers', async () => {
    const { paths, state, say, control } = await start();
    expect(await state()).toEqual({ pluggedIn: false, wantsTouch: false });
    expect(existsSync(paths.socket)).toBe(false);
    say('nonsense');
    say('plug');
    expect(await state()).toEqual({ pluggedIn: true, wantsTouch: false });
    const host = await open(paths.socket);
    host.write(INIT);
    const cid = (await report(host)).readUInt32BE(15);
    const selection = packetsOf(cid, Command.CBOR, Buffer.of(0x0b))[0]!;
    host.write(Buffer.concat([Buffer.of(0), selection]));
    expect(await state()).toEqual({ pluggedIn: true, wantsTouch: true });
    const answered = new Promise<Buffer>((resolve) => {
      host.on('data', (data) => {
        if (data[4] === 0x90) resolve(data);
      });
    });
    say('touch');
    expect(await state()).toEqual({ pluggedIn: true, wantsTouch: false });
    expect((await answered)[7]).toBe(0);
    say('unplug');
    expect(await state()).toEqual({ pluggedIn: false, wantsTouch: false });
    expect(existsSync(paths.socket)).toBe(false);
    expect(statSync(paths.state).mode & 0o777).toBe(0o600);
    control.destroy();
    const over = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGTERM');
    expect(await over).toBe(0);
    expect(existsSync(paths.control)).toBe(false);
  });
});
