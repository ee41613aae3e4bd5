import { execFileSync } from 'node:child_process';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { profile, VirtualToken } from '../support/token/index.ts';
import { countPackets, Libfido2 } from './libfido2.ts';
import { PIN } from './packet-counts.ts';

const source = fileURLToPath(new URL('./tries.c', import.meta.url));

/** Packets of libfido2's library when it also reads how many tries are left, from opening the token to the answer. */
export interface WithTries {
  readonly registrationWithPin: number;
  readonly assertionWithPin: number;
}

/**
 * What `tries.c` exchanges, compiled into `folder` and measured now.
 * @throws Error that names the missing package
 */
export async function libfido2WithTries(kind: 'full' | 'fido2.0', folder: string): Promise<WithTries> {
  const program = compile(folder);
  const token = new VirtualToken({ profile: profile(kind) });
  const peer = await Libfido2.on(token);
  try {
    await peer.succeed('fido2-token', ['-S', peer.path], [PIN, PIN]);
    let printed = '';
    const registrationWithPin = await countPackets(token, async () => {
      printed = await peer.succeed(program, [peer.path, PIN, 'make']);
    });
    const [tries, id = ''] = printed.trim().split('\n');
    if (tries !== '8') throw new Error(`libfido2 read ${tries} tries`);
    const assertionWithPin = await countPackets(token, () => peer.succeed(program, [peer.path, PIN, 'assert', id]));
    return { registrationWithPin, assertionWithPin };
  } finally {
    await peer.close();
  }
}

function compile(folder: string): `/${string}` {
  const program = `/${relative('/', resolve(folder, 'tries'))}` as const;
  try {
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source, '-lfido2'], { stdio: 'pipe' });
  } catch (error) {
    const said = (error as { stderr?: Buffer }).stderr?.toString() ?? '';
    throw new Error(`tries.c does not compile. It needs: apt-get install gcc libc6-dev libfido2-dev\n${said}`);
  }
  return program;
}
