/**
 * The practice key: a software authenticator in its own process, for people with no key at hand. It protects
 * nothing; its file says so.
 *
 *   node test/support/token/practice.ts --socket PATH --control PATH --state FILE
 *
 * The report socket exists only while the key is plugged in; it starts pulled out. The control socket takes
 * JSON lines {"do":"plug"|"unplug"|"touch"} and gives {"pluggedIn":bool,"wantsTouch":bool} on connect and at each
 * change. Ends on SIGTERM and SIGINT, and after whoever started it.
 */
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { profile } from './profile.ts';
import { serveToken, type TokenServer } from './server.ts';
import { freshState, loadState, saveState } from './state.ts';
import { VirtualToken } from './token.ts';

/** Its own AAGUID, so that nobody takes it for a real make of key. */
const PRACTICE_AAGUID = 'd0057e90c0de4a7e9a5b00000000fade';

interface PracticeOptions {
  readonly socket: string;
  readonly control: string;
  readonly state: string;
}

function options(): PracticeOptions {
  const { values } = parseArgs({ options: { socket: { type: 'string' }, control: { type: 'string' }, state: { type: 'string' } } });
  const { socket, control, state } = values;
  if (socket === undefined || control === undefined || state === undefined) {
    throw new Error('usage: practice.ts --socket PATH --control PATH --state FILE');
  }
  return { socket, control, state };
}

async function runPracticeKey({ socket, control, state: stateFile }: PracticeOptions): Promise<void> {
  const kind = profile('full', { aaguid: PRACTICE_AAGUID });
  const state = loadState(stateFile) ?? freshState(kind);
  saveState(stateFile, state);
  const token = new VirtualToken({
    profile: kind,
    touch: { kind: 'by-hand' },
    state,
    onSave: (changed) => saveState(stateFile, changed),
  });
  token.unplug();
  rmSync(socket, { force: true });
  rmSync(control, { force: true });

  let server: TokenServer | null = null;
  const clients = new Set<Socket>();
  const line = (): string => `${JSON.stringify({ pluggedIn: server !== null, wantsTouch: token.wantsTouch })}\n`;
  let told = '';
  const tell = (): void => {
    const now = line();
    if (now === told) return;
    told = now;
    for (const client of clients) client.write(now);
  };
  const unplug = async (): Promise<void> => {
    const open = server;
    server = null;
    token.unplug();
    await open?.close();
    tell();
  };
  const obey = async (command: unknown): Promise<void> => {
    const what = typeof command === 'object' && command !== null && 'do' in command ? command.do : null;
    if (what === 'touch') token.touch();
    else if (what === 'unplug') await unplug();
    else if (what === 'plug' && server === null) {
      token.plugIn();
      server = await serveToken(token, socket);
      tell();
    }
  };
  token.onTouchWanted(tell);

  const controlServer = createServer((client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('error', () => client.destroy());
    client.write(line());
    let rest = '';
    let turn = Promise.resolve();
    client.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const each of lines) turn = turn.then(() => obey(parsed(each)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    controlServer.once('error', reject);
    controlServer.listen(control, () => resolve());
  });

  const stop = async (): Promise<void> => {
    await unplug();
    for (const client of clients) client.destroy();
    controlServer.close();
    rmSync(control, { force: true });
    process.exit(0);
  };
  // Whoever started it may have died without a word.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stop();
  }, 2000).unref();
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

await runPracticeKey(options());
