import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PacketCounts, type PluggedToken, plug, type VirtualToken } from '../support/token/index.ts';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What `fido2-cred -V` prints of a good credential. */
export interface VerifiedCredential {
  /** base64 */
  readonly id: string;
  /** PEM */
  readonly publicKey: string;
}

export interface CredentialAsked {
  readonly rpId?: string;
  readonly user?: string;
  readonly rk?: boolean;
  /** Typed when asked for. */
  readonly pin?: string;
  /** With a PIN, the tool asks for user verification before the key does; not on CTAP 2.0 keys, which refuse that. */
  readonly uv?: boolean;
  readonly hmacSecret?: boolean;
  readonly algorithm?: 'es256' | 'eddsa';
}

/** Debian's libfido2 tools, unmodified, on a virtual token under the preloaded shim. */
export class Libfido2 {
  readonly #token: VirtualToken;
  readonly #device: PluggedToken;
  readonly #folder = mkdtempSync(join(tmpdir(), 'doorstep-peers-'));
  #files = 0;

  private constructor(token: VirtualToken, device: PluggedToken) {
    this.#token = token;
    this.#device = device;
  }

  static async on(token: VirtualToken): Promise<Libfido2> {
    return new Libfido2(token, await plug(token, { product: 'Peer key', serial: 'P-1' }));
  }

  get path(): string {
    return this.#device.path;
  }

  /** Pulls the token out and puts it in again. */
  async replug(): Promise<Libfido2> {
    await this.close();
    return Libfido2.on(this.#token);
  }

  async close(): Promise<void> {
    await this.#device.unplug();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs one tool, or a program of the tests. `typed` are the lines that it asks for where people would type a PIN. */
  run(
    tool: 'fido2-token' | 'fido2-cred' | 'fido2-assert' | `/${string}`,
    args: readonly string[],
    typed: readonly string[] = [],
  ): Promise<Ran> {
    return new Promise((resolve, reject) => {
      // In a session of its own the tool has no terminal, and asks on its standard input.
      const child = spawn(tool, args, { env: { ...process.env, ...this.#device.env }, detached: true });
      const deadline = setTimeout(() => child.kill('SIGKILL'), 30_000);
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      child.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(deadline);
        reject(error.code === 'ENOENT' ? new Error(`${tool} was not found. Install it: apt-get install fido2-tools`) : error);
      });
      child.on('close', (code) => {
        clearTimeout(deadline);
        resolve({ code, out, err });
      });
      child.stdin.on('error', () => {});
      child.stdin.end(typed.map((line) => `${line}\n`).join(''));
    });
  }

  /** Like `run`, and fails the test with the tool's own words where it fails. */
  async succeed(tool: Parameters<Libfido2['run']>[0], args: readonly string[], typed: readonly string[] = []): Promise<string> {
    const ran = await this.run(tool, args, typed);
    if (ran.code !== 0) throw new Error(`${tool} ${args.join(' ')} ended with ${ran.code}: ${ran.err}`);
    return ran.out;
  }

  /** `fido2-cred -M`: what it prints. */
  makeCredential(asked: CredentialAsked = {}): Promise<string> {
    const lines = [base64(32), asked.rpId ?? 'login.example', asked.user ?? 'ada', Buffer.from(asked.user ?? 'ada').toString('base64')];
    const flags = [
      ...(asked.rk === true ? ['-r'] : []),
      ...(asked.pin === undefined || asked.uv === false ? [] : ['-v']),
      ...(asked.hmacSecret === true ? ['-h'] : []),
    ];
    const args = ['-M', ...flags, '-i', this.file(lines), this.path, asked.algorithm ?? 'es256'];
    return this.succeed('fido2-cred', args, asked.pin === undefined ? [] : [asked.pin]);
  }

  /** `fido2-cred -V` over what `-M` printed: checks the attestation's signature. */
  async verifyCredential(made: string, asked: CredentialAsked = {}): Promise<VerifiedCredential> {
    const flags = [...(asked.pin === undefined ? [] : ['-v']), ...(asked.hmacSecret === true ? ['-h'] : [])];
    const out = await this.succeed('fido2-cred', ['-V', ...flags, '-i', this.file([made.trimEnd()]), asked.algorithm ?? 'es256']);
    const [id = '', ...key] = out.split('\n');
    return { id, publicKey: key.join('\n') };
  }

  /** `fido2-assert -G`: what it prints. Without `id` it asks for a passkey. */
  getAssertion(asked: { rpId?: string; id?: string; pin?: string; uv?: boolean; finger?: boolean; salt?: Buffer }): Promise<string> {
    const lines = [
      base64(32),
      asked.rpId ?? 'login.example',
      ...(asked.id === undefined ? [] : [asked.id]),
      ...(asked.salt === undefined ? [] : [asked.salt.toString('base64')]),
    ];
    const flags = [
      ...(asked.id === undefined ? ['-r'] : []),
      ...(asked.finger === true ? ['-t', 'uv=true', '-t', 'pin=false'] : []),
      ...(asked.pin === undefined ? [] : asked.uv === false ? ['-t', 'pin=true'] : ['-v']),
      ...(asked.salt === undefined ? [] : ['-h']),
    ];
    return this.succeed('fido2-assert', ['-G', ...flags, '-i', this.file(lines), this.path], asked.pin === undefined ? [] : [asked.pin]);
  }

  /** `fido2-assert -V` over what `-G` printed: checks the signature. */
  async verifyAssertion(given: string, publicKey: string, asked: { pin?: string; salt?: Buffer; algorithm?: string } = {}): Promise<void> {
    const flags = [...(asked.pin === undefined ? [] : ['-v']), ...(asked.salt === undefined ? [] : ['-h'])];
    const args = ['-V', ...flags, '-i', this.file([given.trimEnd()]), this.file([publicKey]), asked.algorithm ?? 'es256'];
    await this.succeed('fido2-assert', args);
  }

  /** A file with these lines, which goes away with the peer. */
  file(lines: readonly string[]): string {
    this.#files += 1;
    const path = join(this.#folder, `${this.#files}`);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    return path;
  }
}

/** Packets that go both ways while `action` runs, keepalives left out. */
export async function countPackets(token: VirtualToken, action: () => Promise<unknown>): Promise<number> {
  const before = token.packets;
  await action();
  return total(token.packets) - total(before);
}

function total(counts: PacketCounts): number {
  return counts.fromHost + counts.toHost - counts.keepalives;
}

function base64(length: number): string {
  return randomBytes(length).toString('base64');
}
