/** A command in a terminal of its own, as a person has it before them: what it shows, and the keys that they press. */
import { spawn } from 'node:child_process';
import type { Person } from './person.ts';

export interface Terminal {
  /** What it has shown until now. */
  shown(): string;
  /** Waits until the pattern is shown, for at most so many seconds. */
  until(pattern: RegExp, seconds: number): Promise<RegExpExecArray>;
  press(key: string): void;
  /** Waits for the end, for at most so many seconds. @returns the exit code */
  ended(seconds: number): Promise<number | null>;
}

export const CTRL_C = '\x03';

export function openTerminal(person: Person, command: string, env: NodeJS.ProcessEnv = {}): Terminal {
  // Some shells would stay between the terminal and the command, and end by the Ctrl-C themselves: `exec` leaves none.
  const { program, words } = person.as(['script', '--quiet', '--return', '--flush', '--command', `exec ${command}`, '/dev/null']);
  const child = spawn(program, words, { cwd: person.clone, env: { ...person.env, ...env }, stdio: 'pipe' });
  let text = '';
  const listeners = new Set<() => void>();
  const news = () => {
    for (const listener of listeners) listener();
  };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part.replaceAll('\r', '');
      news();
    });
  let outcome: { status: number | null } | null = null;
  child.once('close', (status) => {
    outcome = { status };
    news();
  });

  /** Resolves with the first answer that is not null. */
  function wait<T>(seconds: number, awaited: string, look: () => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        listeners.delete(listener);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${awaited} did not come within ${seconds} s. The terminal shows:\n${text}`));
      }, seconds * 1000);
      const listener = () => {
        const found = look();
        if (found !== null) {
          stop();
          resolve(found);
        } else if (outcome !== null) {
          stop();
          reject(new Error(`it ended (${outcome.status}) before ${awaited} came. The terminal shows:\n${text}`));
        }
      };
      listeners.add(listener);
      listener();
    });
  }

  return {
    shown: () => text,
    until: (pattern, seconds) => wait(seconds, String(pattern), () => pattern.exec(text)),
    press: (key) => child.stdin.write(key),
    ended: async (seconds) => (await wait(seconds, 'the end', () => outcome)).status,
  };
}
