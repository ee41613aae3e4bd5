/** A code on the clipboard: taken off again when its time is over or the app ends, unless something else is there by then. */

export interface TextClipboard {
  readText(): Promise<string>;
  writeText(text: string): Promise<void>;
  clear(): void;
}

export interface ClippedCode {
  /** @returns when it is taken off, ms since 1970 */
  put(code: string): Promise<number>;
  /** Takes it off now. */
  stop(): Promise<void>;
}

const LIFE = 30_000;

export function createClippedCode(clipboard: TextClipboard, now: () => number = Date.now): ClippedCode {
  let clipped: { readonly code: string; readonly timer: NodeJS.Timeout } | null = null;

  const takeOff = async () => {
    if (clipped === null) return;
    clearTimeout(clipped.timer);
    const { code } = clipped;
    clipped = null;
    if ((await clipboard.readText()) === code) clipboard.clear();
  };

  return {
    async put(code) {
      if (clipped !== null) clearTimeout(clipped.timer);
      clipped = { code, timer: setTimeout(() => void takeOff(), LIFE) };
      await clipboard.writeText(code);
      return now() + LIFE;
    },
    stop: takeOff,
  };
}
