/** Our reader of QR pictures against pictures that `qrencode` makes. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { createDrafts } from '../../src/main/codes/drafts.ts';
import { buildOtpauth, parseOtpauth } from '../../src/oath/otpauth.ts';
import type { Seed } from '../../src/oath/seed.ts';
import { blankCanvas, blur, drawCode, type Modules } from '../support/canvas.ts';
import { pictureReaderHere } from '../support/pictures.ts';
import { migrationLink } from '../unit/oath/migration-maker.ts';

const reader = pictureReaderHere();
afterAll(() => reader.stop());

const LINK = 'otpauth://totp/Example:alice@example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example';
const LEVELS = ['L', 'M', 'Q', 'H'] as const;

/** A picture file, as `qrencode` writes it. */
function picture(text: string, ...options: string[]): { kind: 'file'; bytes: Uint8Array } {
  return { kind: 'file', bytes: new Uint8Array(execFileSync('qrencode', ['-o', '-', ...options, '--', text])) };
}

/** The modules alone, for pictures that `qrencode` has no options for. */
function modules(text: string, margin = 4): Modules {
  const rows = execFileSync('qrencode', ['-t', 'ASCII', '-m', String(margin), '-o', '-', '--', text], { encoding: 'utf8' });
  return rows
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => Array.from({ length: row.length / 2 }, (_, column) => row[column * 2] === '#'));
}

describe('a picture file', () => {
  it.each(LEVELS.flatMap((level) => [1, 2, 3, 5, 10, 25].map((size) => [level, size] as const)))(
    'is read at error level %s with %i dots a module',
    async (level, size) => {
      expect(await reader.read(picture(LINK, '-l', level, '-s', String(size)))).toEqual([LINK]);
    },
  );

  it.each([0, 1, 2, 4, 20])('is read with a margin of %i modules', async (margin) => {
    expect(await reader.read(picture(LINK, '-m', String(margin), '-s', '4'))).toEqual([LINK]);
  });

  it.each([5, 10, 20, 30, 40])('is read as version %i', async (version) => {
    expect(await reader.read(picture(LINK, '-v', String(version), '-s', '3'))).toEqual([LINK]);
  });

  it.each([
    ['white on black', ['--foreground=ffffff', '--background=000000']],
    ['dark blue on yellow', ['--foreground=000066', '--background=ffff88']],
    ['red on white', ['--foreground=aa0000', '--background=ffffff']],
    ['grey on grey', ['--foreground=606060', '--background=b0b0b0']],
  ])('is read %s', async (_colours, options) => {
    expect(await reader.read(picture(LINK, '-s', '4', '-t', 'PNG32', ...options))).toEqual([LINK]);
  });

  it('is read with letters of other scripts', async () => {
    const link = buildOtpauth({ ...parseOtpauth(LINK), issuer: 'Příklad 例え', account: 'ünï@пример.рф' });
    expect(parseOtpauth((await reader.read(picture(link, '-s', '4')))[0]!)).toMatchObject({
      issuer: 'Příklad 例え',
      account: 'ünï@пример.рф',
    });
    const raw = 'otpauth://totp/Příklad:例え?secret=JBSWY3DPEHPK3PXP';
    expect(parseOtpauth((await reader.read(picture(raw, '-s', '4', '-8')))[0]!)).toMatchObject({ issuer: 'Příklad', account: '例え' });
  });

  it('is read for every form of code that can be kept', async () => {
    const seeds: Seed[] = [];
    for (const algorithm of ['SHA1', 'SHA256', 'SHA512'] as const) {
      for (const digits of [6, 8] as const) {
        for (const period of [15, 30, 60, 120, null]) {
          const form = { issuer: 'Example', account: 'alice', key: new Uint8Array(randomBytes(20)), algorithm, digits };
          seeds.push(period === null ? { kind: 'hotp', ...form, period, counter: 42 } : { kind: 'totp', ...form, period, counter: null });
        }
      }
    }
    for (const seed of seeds) {
      const [text] = await reader.read(picture(buildOtpauth(seed), '-s', '3'));
      expect(parseOtpauth(text!)).toEqual(seed);
    }
  });
});

describe('a screen', () => {
  const shot = (canvas: ReturnType<typeof blankCanvas>) => ({ kind: 'pixels', ...canvas }) as const;

  it.each([0, 7, 15, 30, 45, 90, 135, 180, 270, 333])('is read with a code that is turned by %i degrees', async (degrees) => {
    const canvas = blankCanvas(640, 480);
    drawCode(canvas, modules(LINK), { x: 150, y: 70, scale: 6, degrees });
    expect(await reader.read(shot(canvas))).toEqual([LINK]);
  });

  it.each([1, 2])('is read through a blur of %i dots', async (radius) => {
    const canvas = blankCanvas(640, 480);
    drawCode(canvas, modules(LINK), { x: 150, y: 70, scale: 6, degrees: 5 });
    expect(await reader.read(shot(blur(canvas, radius)))).toEqual([LINK]);
  });

  it('is read light on dark, as dark pages show codes', async () => {
    const canvas = blankCanvas(640, 480, 20);
    drawCode(canvas, modules(LINK), { x: 150, y: 70, scale: 6, dark: [230, 230, 230], light: [20, 20, 20] });
    expect(await reader.read(shot(canvas))).toEqual([LINK]);
  });

  it('is read in colours that differ in red and blue alone', async () => {
    const canvas = blankCanvas(640, 480);
    drawCode(canvas, modules(LINK), { x: 150, y: 70, scale: 6, dark: [0, 40, 160], light: [250, 235, 200] });
    expect(await reader.read(shot(canvas))).toEqual([LINK]);
  });

  it('is read with several codes on it, small ones among other things', async () => {
    const links = Array.from({ length: 5 }, (_, index) => LINK.replace('alice', `alice${index}`));
    const canvas = blankCanvas(1920, 1080, 240);
    // A window with stripes, as text has them.
    for (let row = 100; row < 900; row += 6) canvas.bytes.fill(40, (row * 1920 + 1200) * 4, (row * 1920 + 1800) * 4);
    links.forEach((link, index) => {
      drawCode(canvas, modules(link), {
        x: 60 + (index % 3) * 380,
        y: 80 + Math.floor(index / 3) * 480,
        scale: 3 + index,
        degrees: index * 3,
      });
    });
    expect([...(await reader.read(shot(canvas)))].sort()).toEqual(links);
  });

  it('is read for all parts of an export at once, and of one after another', async () => {
    const entries = Array.from({ length: 12 }, (_, index) => ({
      secret: randomBytes(20),
      name: `account${index}@example.org`,
      issuer: `Issuer ${index}`,
      algorithm: 1 + (index % 3),
      digits: 1 + (index % 2),
      type: 2,
    }));
    const parts = [0, 1, 2].map((index) => migrationLink({ entries: entries.slice(index * 4, index * 4 + 4), size: 3, index, id: 99 }));
    const canvas = blankCanvas(2560, 1440);
    parts.forEach((part, index) => {
      drawCode(canvas, modules(part), { x: 60 + index * 820, y: 300, scale: 7 });
    });
    const drafts = createDrafts(async () => null);
    const whole = await drafts.read(await reader.read(shot(canvas)), undefined);
    expect(whole.parts).toEqual({ seen: [1, 2, 3], of: 3 });
    expect(whole.items).toHaveLength(12);

    let draft = await drafts.read(await reader.read(picture(parts[1]!, '-s', '4')), undefined);
    for (const part of [parts[2]!, parts[0]!]) draft = await drafts.read(await reader.read(picture(part, '-s', '4')), draft.draftId);
    expect(draft.parts).toEqual({ seen: [1, 2, 3], of: 3 });
    const kept = drafts.take(
      draft.draftId,
      draft.items.map(({ index }) => index),
    );
    expect(kept.map(({ key }) => Buffer.from(key).toString('hex')).sort()).toEqual(
      entries.map(({ secret }) => secret.toString('hex')).sort(),
    );
  });
});
