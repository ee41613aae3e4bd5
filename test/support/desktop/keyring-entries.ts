/** Reads a session's keyring from outside the app, as the person's own tools could. */
import { execFile } from 'node:child_process';
import { PROJECT } from './doorstep.ts';

export interface KeyringEntry {
  readonly account: string;
  readonly password: string;
}

const READ = `require('@github/keytar').findCredentials('Doorstep').then((found) => process.stdout.write(JSON.stringify(found)))`;

/** Every entry that Doorstep has made in the keyring of this session. */
export function keyringEntries(env: Readonly<Record<string, string>>): Promise<readonly KeyringEntry[]> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', READ], { cwd: PROJECT, env, timeout: 20_000 }, (error, answer) => {
      if (error) reject(error);
      else resolve(JSON.parse(answer) as KeyringEntry[]);
    });
  });
}
