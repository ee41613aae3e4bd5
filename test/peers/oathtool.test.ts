/** Our codes against those of `oathtool` (OATH Toolkit): 10,000 random cases of TOTP, 10,000 of HOTP, no difference. */
import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { encodeBase32 } from '../../src/oath/base32.ts';
import { hotp } from '../../src/oath/hotp.ts';
import { totp } from '../../src/oath/totp.ts';

const CASES = 10_000;
const ALGORITHMS = ['SHA1', 'SHA256', 'SHA512'] as const;
const DIGITS = [6, 8] as const;
const pick = <T>(from: readonly T[]): T => from[randomInt(from.length)]!;
/** Two shells side by side, so that the machine's second core has work too. */
const SHELLS = 2;

/** Runs every line of `lines` in a few shells. @returns what they printed, line by line, in order */
async function shellLines(lines: readonly string[]): Promise<string[]> {
  const share = Math.ceil(lines.length / SHELLS);
  const parts = Array.from({ length: SHELLS }, (_, shell) => lines.slice(shell * share, (shell + 1) * share));
  const printed = await Promise.all(
    parts.map(
      (part) =>
        new Promise<string>((resolve, reject) => {
          const shell = execFile('sh', ['-e'], { maxBuffer: 1 << 26 }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
          shell.stdin?.end(`${part.join('\n')}\n`);
        }),
    ),
  );
  return printed.join('').trim().split('\n');
}

it(`agrees on ${CASES} random TOTP codes`, async () => {
  const cases = Array.from({ length: CASES }, () => ({
    key: randomBytes(randomInt(8, 129)),
    algorithm: pick(ALGORITHMS),
    digits: pick(DIGITS),
    period: randomInt(15, 121),
    // Seconds until the year 2500.
    at: randomInt(0, 16_725_225_600),
  }));
  const theirs = await shellLines(
    cases.map(
      ({ key, algorithm, digits, period, at }) =>
        `oathtool --totp=${algorithm} -d ${digits} -s ${period}s -N @${at} -b ${encodeBase32(key)}`,
    ),
  );
  const ours = cases.map(({ key, at, ...form }) => totp(key, at * 1000, form));
  expect(ours.filter((code, index) => code !== theirs[index])).toEqual([]);
  expect(theirs).toHaveLength(CASES);
});

it(`agrees on ${CASES} random HOTP codes`, async () => {
  // oathtool has HOTP with SHA-1 alone; its window gives many codes of one seed at once.
  const together = 20;
  const seeds = Array.from({ length: CASES / together }, () => ({
    key: randomBytes(randomInt(8, 129)),
    digits: pick(DIGITS),
    first: randomInt(0, 2 ** 48 - 1 - together),
  }));
  const theirs = await shellLines(
    seeds.map(({ key, digits, first }) => `oathtool --hotp -d ${digits} -c ${first} -w ${together - 1} -b ${encodeBase32(key)}`),
  );
  const ours = seeds.flatMap(({ key, digits, first }) =>
    Array.from({ length: together }, (_, ahead) => hotp(key, first + ahead, { algorithm: 'SHA1', digits })),
  );
  expect(ours.filter((code, index) => code !== theirs[index])).toEqual([]);
  expect(theirs).toHaveLength(CASES);
});
