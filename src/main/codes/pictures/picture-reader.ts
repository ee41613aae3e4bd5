/** Reads QR codes out of pictures through a process that is ended when it takes too long or has nothing to do. */
import { DoorstepError } from '../../../contract/errors.ts';
import type { Picture, PictureAnswer, PictureJob } from './picture.ts';

/** One run of the process. */
export interface PictureChild {
  post(job: PictureJob): void;
  onAnswer(listener: (answer: PictureAnswer) => void): void;
  onExit(listener: () => void): void;
  kill(): void;
}

export interface PictureReader {
  /**
   * The texts of all QR codes in the picture; none is an empty list.
   * @throws DoorstepError picture.unreadable, also where reading takes too long
   */
  read(picture: Picture): Promise<readonly string[]>;
  stop(): void;
}

export interface PictureReaderOptions {
  readonly start: () => PictureChild;
  readonly wasm: string;
  /** Milliseconds that one picture may take. */
  readonly deadline?: number;
  /** Milliseconds without a picture after which the process ends. */
  readonly idle?: number;
}

export function createPictureReader({ start, wasm, deadline = 10_000, idle = 10_000 }: PictureReaderOptions): PictureReader {
  const waiting = new Map<
    number,
    { readonly resolve: (texts: readonly string[]) => void; readonly reject: (error: DoorstepError) => void }
  >();
  let child: PictureChild | null = null;
  let nextId = 1;
  let rest: NodeJS.Timeout | undefined;

  const end = (gone: PictureChild, because: string) => {
    if (child !== gone) return;
    child = null;
    clearTimeout(rest);
    for (const { reject } of waiting.values()) reject(new DoorstepError('picture.unreadable', { because }));
    waiting.clear();
    gone.kill();
  };

  const running = (): PictureChild => {
    if (child !== null) return child;
    const made = start();
    child = made;
    made.onExit(() => end(made, 'ended'));
    made.onAnswer((answer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.ok) asked?.resolve(answer.texts);
      else asked?.reject(new DoorstepError('picture.unreadable', { because: answer.fault }));
      if (waiting.size > 0) return;
      clearTimeout(rest);
      rest = setTimeout(() => end(made, 'idle'), idle);
    });
    return made;
  };

  return {
    read(picture) {
      clearTimeout(rest);
      const at = running();
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => end(at, 'deadline'), deadline);
        const settle =
          <T>(how: (value: T) => void) =>
          (value: T) => {
            clearTimeout(late);
            how(value);
          };
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
        at.post({ id, wasm, picture });
      });
    },
    stop() {
      if (child !== null) end(child, 'ended');
    },
  };
}
