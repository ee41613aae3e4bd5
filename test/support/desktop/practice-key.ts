/** The practice key's own process, as `npm start` runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from './doorstep.ts';

export interface PracticeProcess {
  /** Tells the app where the practice key is. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startPracticeKey(): Promise<PracticeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-practice-'));
  const [socket, control, state] = ['key.sock', 'control.sock', 'state.json'].map((name) => join(folder, name)) as [string, string, string];
  const script = join(PROJECT, 'test/support/token/practice.ts');
  const child: ChildProcess = spawn(process.execPath, [script, '--socket', socket, '--control', control, '--state', state], {
    stdio: 'inherit',
  });
  const until = Date.now() + 10_000;
  while (!existsSync(control)) {
    if (Date.now() > until || child.exitCode !== null) throw new Error('the practice key did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    env: { DOORSTEP_PRACTICE_SOCKET: socket, DOORSTEP_PRACTICE_CONTROL: control },
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
