/** Runs a program whose own words a person need not read, and says how far it is. */
import { spawn } from 'node:child_process';
import readline from 'node:readline';

/** How long nothing may be said, in milliseconds. */
const SILENCE = 10_000;

/**
 * @param {string} command
 * @param {string[]} args
 * @param {object} options for the program, with
 *   `say`: takes a line for the person;
 *   `progress`: makes one of a line that the program writes to its file descriptor 3, or null.
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string, error?: NodeJS.ErrnoException }>}
 */
export function runSaying(command, args, { say, progress, ...options }) {
  return new Promise((resolve) => {
    const begin = performance.now();
    let news = null;
    let told = null;
    const clock = setInterval(() => {
      const line = news ?? `still at it, after ${Math.round((performance.now() - begin) / 1000)} s`;
      if (line !== told) say(line);
      told = line;
      news = null;
    }, SILENCE);
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe', progress ? 'pipe' : 'ignore'] });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'])
      child[name].setEncoding('utf8').on('data', (text) => {
        said[name] += text;
      });
    if (progress)
      readline.createInterface({ input: child.stdio[3] }).on('line', (line) => {
        news = progress(line) ?? news;
      });
    const end = (outcome) => {
      clearInterval(clock);
      resolve({ ...said, ...outcome });
    };
    child.once('error', (error) => end({ status: null, error }));
    child.once('close', (status) => end({ status }));
  });
}
