import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { VirtualToken } from '../support/token/index.ts';

/**
 * Runs `ladder-run.ts` in `env` and returns what it printed, by step. The token is pulled out under the last call.
 * @throws Error where it ends without its last step
 */
export async function runLadder(token: VirtualToken, env: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>> {
  const script = new URL('./ladder-run.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script], { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const steps: Record<string, unknown> = {};
  const over = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(`${signal ?? code}`)));
  for await (const line of createInterface({ input: child.stdout })) {
    const { step, value } = JSON.parse(line) as { step: string; value: unknown };
    steps[step] = value;
    if (step === 'verified') {
      token.touchScript = { kind: 'never' };
      child.stdin.end('go\n');
    }
    if (step === 'waiting') setTimeout(() => token.unplug(), 500);
  }
  if (steps['gone'] === undefined) throw new Error(`the host ended (${await over}) after ${Object.keys(steps).join(', ') || 'nothing'}`);
  return steps;
}
