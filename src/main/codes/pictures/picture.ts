/** Pictures on their way to the process that reads them, and what it says of them. */

/** A picture file as it is, or the pixels of a screen (four bytes each: blue, green, red, alpha). */
export type Picture =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'pixels'; readonly bytes: Uint8Array; readonly width: number; readonly height: number };

export interface PictureJob {
  readonly id: number;
  /** Path of the decoder's WebAssembly. */
  readonly wasm: string;
  readonly picture: Picture;
}

export type PictureAnswer =
  | { readonly id: number; readonly ok: true; readonly texts: readonly string[] }
  | { readonly id: number; readonly ok: false; readonly fault: 'unreadable' | 'too-large' };

/** Sixteen 4K screens, or a photo of any phone. */
export const MOST_PIXELS = 128_000_000;
export const MOST_BYTES = 32 * 1024 * 1024;
