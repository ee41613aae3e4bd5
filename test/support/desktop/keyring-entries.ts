/** Reads a session's keyring from outside the app, as the person's own tools could. */
import { execFile } from 'node:child_process';
import { PROJECT } from './doorstep.ts';

export interface KeyringEntry {
  readonly account: string;
  readonly password: string;
}

const READ = `require('@github/keytar').findCredentials('Doorstep').then((found) => process.stdout.write(JSON.stringify(found)))`;

/** The reader's library falls over an entry that the app replaces in the same moment: then it is asked again. */
const TRIES = 5;

/** Every entry that Doorstep has made in the keyring of this session. */
export async function keyringEntries(env: Readonly<Record<string, string>>): Promise<readonly KeyringEntry[]> {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await read(env);
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

function read(env: Readonly<Record<string, string>>): Promise<readonly KeyringEntry[]> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', READ], { cwd: PROJECT, env, timeout: 20_000 }, (error, answer) => {
      if (error) reject(error);
      else resolve(JSON.parse(answer) as KeyringEntry[]);
    });
  });
}
