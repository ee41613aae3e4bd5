import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readSource, type Surroundings } from '../../../../src/main/codes/code-sources.ts';
import type { PictureJob } from '../../../../src/main/codes/pictures/picture.ts';
import { servePictures } from '../../../../src/main/codes/pictures/picture-process.ts';
import { createPictureReader, type PictureChild, type PictureReader } from '../../../../src/main/codes/pictures/picture-reader.ts';
import { sizeOfPicture } from '../../../../src/main/codes/pictures/picture-size.ts';
import { pictureReaderHere } from '../../../support/pictures.ts';

const ICON = new Uint8Array(readFileSync(new URL('../../../../build/icons/doorstep.png', import.meta.url)));
const png = (width: number, height: number) => {
  const head = Buffer.alloc(33);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(head);
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return new Uint8Array(head);
};

describe('the size of a picture', () => {
  it('is read from its header', () => {
    expect(sizeOfPicture(ICON)).toEqual({ width: 512, height: 512 });
    expect(sizeOfPicture(png(70_000, 3))).toEqual({ width: 70_000, height: 3 });
    const jpeg = 'ffd8ffe000104a46494600010100000100010000ffff c00011080010002003012200021101031101'.replace(' ', '');
    expect(sizeOfPicture(new Uint8Array(Buffer.from(jpeg, 'hex')))).toEqual({ width: 32, height: 16 });
    expect(sizeOfPicture(new Uint8Array(Buffer.from('474946383961 0a00 0b00 0000'.replaceAll(' ', ''), 'hex')))).toEqual({
      width: 10,
      height: 11,
    });
  });

  it('is none for anything else', () => {
    expect(sizeOfPicture(png(0, 5))).toBeNull();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom('', 'ffd8ff', '424d', '47494638', '89504e470d0a1a0a'),
        (bytes, begin) => {
          const size = sizeOfPicture(new Uint8Array(Buffer.concat([Buffer.from(begin, 'hex'), bytes])));
          if (size !== null) expect(size.width * size.height).toBeGreaterThan(0);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('the reader', () => {
  let reader: PictureReader;
  beforeAll(() => {
    reader = pictureReaderHere();
  });
  afterAll(() => reader.stop());

  it('finds nothing where nothing is', async () => {
    expect(await reader.read({ kind: 'file', bytes: png(100, 100) })).toEqual([]);
    expect(await reader.read({ kind: 'file', bytes: ICON })).toEqual([]);
    expect(await reader.read({ kind: 'pixels', bytes: new Uint8Array(64 * 64 * 4), width: 64, height: 64 })).toEqual([]);
  });

  it.each([
    ['no picture', new Uint8Array(Buffer.from('hello')), 'unreadable'],
    ['an empty file', new Uint8Array(), 'unreadable'],
    ['a bomb of 900 megapixels', png(30_000, 30_000), 'too-large'],
    ['too many bytes', new Uint8Array(33 * 1024 * 1024), 'too-large'],
  ])('refuses %s', async (_what, bytes, because) => {
    await expect(reader.read({ kind: 'file', bytes })).rejects.toMatchObject({ code: 'picture.unreadable', detail: { because } });
  });

  it('stays up whatever bytes come', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(ICON.length - 1), fc.nat(255), fc.nat(ICON.length), async (at, byte, length) => {
        const bytes = ICON.slice(0, Math.max(40, length));
        bytes[at % bytes.length] = byte;
        await reader.read({ kind: 'file', bytes }).catch((error: unknown) => expect(error).toMatchObject({ code: 'picture.unreadable' }));
      }),
      { numRuns: 60 },
    );
    expect(await reader.read({ kind: 'file', bytes: ICON })).toEqual([]);
  });
});

describe('the process of the reader', () => {
  function scripted() {
    const children: { jobs: PictureJob[]; killed: boolean; answer: (answer: never) => void; exit: () => void }[] = [];
    const start = (): PictureChild => {
      const child = { jobs: [] as PictureJob[], killed: false, answer: (_answer: never) => undefined, exit: () => undefined };
      children.push(child as never);
      return {
        post: (job) => child.jobs.push(job),
        onAnswer: (listener) => Object.assign(child, { answer: listener }),
        onExit: (listener) => Object.assign(child, { exit: listener }),
        kill: () => Object.assign(child, { killed: true }),
      };
    };
    return { children, start };
  }
  const picture = { kind: 'file', bytes: ICON } as const;

  it('is ended at the deadline, and another one takes the next picture', async () => {
    vi.useFakeTimers();
    const { children, start } = scripted();
    const reader = createPictureReader({ start, wasm: '' });
    const stuck = reader.read(picture);
    const seen = expect(stuck).rejects.toMatchObject({ code: 'picture.unreadable', detail: { because: 'deadline' } });
    await vi.advanceTimersByTimeAsync(10_000);
    await seen;
    expect(children[0]?.killed).toBe(true);
    const next = reader.read(picture);
    children[1]?.answer({ id: children[1].jobs[0]?.id, ok: true, texts: ['a'] } as never);
    expect(await next).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(children[1]?.killed).toBe(true);
    vi.useRealTimers();
  });

  it('that crashes is one unreadable picture', async () => {
    const { children, start } = scripted();
    const reader = createPictureReader({ start, wasm: '' });
    const lost = reader.read(picture);
    children[0]?.exit();
    await expect(lost).rejects.toMatchObject({ code: 'picture.unreadable' });
    reader.stop();
  });

  it('reads pixels as a screen gives them', async () => {
    let job: (job: PictureJob) => void = () => undefined;
    const answers: unknown[] = [];
    servePictures({ post: (answer) => answers.push(answer), onJob: (listener) => (job = listener) });
    job({ id: 9, wasm: '/nowhere', picture: { kind: 'pixels', bytes: new Uint8Array(4), width: 100_000, height: 100_000 } });
    await vi.waitFor(() => expect(answers).toEqual([{ id: 9, ok: false, fault: 'too-large' }]));
  });
});

describe('a source', () => {
  const around = (members: Partial<Surroundings>): Surroundings => {
    const unexpected = async () => {
      throw new Error('nobody asked for this');
    };
    const none = { clipboardText: unexpected, clipboardPicture: unexpected, choosePicture: unexpected, screens: unexpected };
    return { ...none, screensBehindUs: unexpected, viewfinder: unexpected, ...members };
  };
  const reader = (answers: readonly (readonly string[])[]): PictureReader => {
    const left = [...answers];
    return { read: async () => left.shift() ?? [], stop: () => undefined };
  };
  const shot = { kind: 'pixels', bytes: new Uint8Array(4), width: 1, height: 1 } as const;

  it('of text has a link a line', async () => {
    expect(await readSource({ from: 'text', text: ' a \r\n\n b' }, around({}), reader([]))).toEqual(['a', 'b']);
  });

  it('of the clipboard is its text, else its picture', async () => {
    const text = around({ clipboardText: async () => 'otpauth://x' });
    expect(await readSource({ from: 'clipboard' }, text, reader([]))).toEqual(['otpauth://x']);
    const image = around({ clipboardText: async () => '  ', clipboardPicture: async () => shot });
    expect(await readSource({ from: 'clipboard' }, image, reader([['a']]))).toEqual(['a']);
    await expect(readSource({ from: 'clipboard' }, image, reader([]))).rejects.toMatchObject({ code: 'picture.none' });
    const empty = around({ clipboardText: async () => '', clipboardPicture: async () => null });
    await expect(readSource({ from: 'clipboard' }, empty, reader([]))).rejects.toMatchObject({ code: 'clipboard.empty' });
  });

  it('of the screen is looked at a second time without our own window', async () => {
    const screens = around({ screens: async () => [shot, shot], screensBehindUs: async () => [shot] });
    expect(await readSource({ from: 'screen' }, screens, reader([['a'], ['b']]))).toEqual(['a', 'b']);
    expect(await readSource({ from: 'screen' }, screens, reader([[], [], ['c']]))).toEqual(['c']);
    await expect(readSource({ from: 'screen' }, screens, reader([]))).rejects.toMatchObject({ code: 'picture.none' });
  });

  it('of a file is none where the person chose none, or no plain file', async () => {
    expect(await readSource({ from: 'file' }, around({ choosePicture: async () => null }), reader([]))).toBeNull();
    const folder = await mkdtemp(join(tmpdir(), 'doorstep-pictures-'));
    const choose = (path: string) => around({ choosePicture: async () => path });
    for (const path of [folder, join(folder, 'nowhere.png'), '/dev/zero']) {
      await expect(readSource({ from: 'file' }, choose(path), reader([]))).rejects.toMatchObject({ code: 'picture.unreadable' });
    }
    await writeFile(join(folder, 'a.png'), ICON);
    expect(await readSource({ from: 'file' }, choose(join(folder, 'a.png')), reader([['a']]))).toEqual(['a']);
    await rm(folder, { recursive: true });
  });
});
