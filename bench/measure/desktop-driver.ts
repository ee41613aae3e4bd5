/**
 * Runs inside a desktop session of its own, as the person who owns it: a panel that takes tray icons, and the apps that
 * `desktop.ts` asks for, one line of JSON each way.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { startStatusWatcher } from '../../test/support/desktop/status-watcher.ts';

const watcher = await startStatusWatcher(process.env['DBUS_SESSION_BUS_ADDRESS'] ?? '');
const windowManager = spawn('openbox', { stdio: 'ignore' });
let app: ChildProcess | null = null;

const say = (answer: unknown): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

async function end(): Promise<void> {
  const running = app;
  app = null;
  if (running === null || running.exitCode !== null || running.signalCode !== null) return;
  const gone = new Promise((resolve) => running.once('exit', resolve));
  running.kill('SIGTERM');
  const patience = setTimeout(() => running.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(patience);
}

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as { start: string[]; env: Record<string, string> } | { icons: true } | { end: true };
  if ('start' in order) {
    const [program = '', ...words] = order.start;
    app = spawn(program, words, { env: { ...process.env, ...order.env }, stdio: 'ignore' });
    say({ pid: app.pid });
  } else if ('icons' in order) say({ icons: watcher.icons.length });
  else {
    await end();
    say({ ended: true });
  }
}
await end();
windowManager.kill();
watcher.stop();
