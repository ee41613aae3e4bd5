/** Compares what is drawn on the screen with the file that it was drawn from, whatever its size, its place and its colours. */
import { type ElectronApplication, expect } from '@playwright/test';

/** How much of its ink a picture has at each of SIDE × SIDE places of the box that holds all of it; 0 to 1. */
export type Shape = readonly number[];

const SIDE = 20;
/** Ink that counts for the box: less is the soft edge of a line. */
const EDGE = 0.3;

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Four bytes a dot: blue, green, red, alpha. */
  readonly dots: Buffer;
}

/** Electron reads the PNG. */
async function readPicture(app: ElectronApplication, file: string): Promise<Picture> {
  const { width, height, dots } = await app.evaluate(({ nativeImage }, path) => {
    const image = nativeImage.createFromPath(path);
    return { ...image.getSize(), dots: image.toBitmap().toString('base64') };
  }, file);
  if (width === 0) throw new Error(`${file} is no picture`);
  return { width, height, dots: Buffer.from(dots, 'base64') };
}

/** The shape of a picture file with a transparent ground. */
export async function drawnShape(app: ElectronApplication, file: string): Promise<Shape> {
  const picture = await readPicture(app, file);
  return shapeOf(picture, (at) => (picture.dots[at + 3] ?? 0) / 255);
}

/** The shape that stands out from the ground of a picture of the screen; its first dot is ground. */
export async function seenShape(app: ElectronApplication, file: string): Promise<Shape> {
  const picture = await readPicture(app, file);
  const light = (at: number) => ((picture.dots[at] ?? 0) + (picture.dots[at + 1] ?? 0) + (picture.dots[at + 2] ?? 0)) / 765;
  const ground = light(0);
  let most = 0;
  for (let at = 0; at < picture.dots.length; at += 4) most = Math.max(most, Math.abs(light(at) - ground));
  return shapeOf(picture, (at) => (most === 0 ? 0 : Math.abs(light(at) - ground) / most));
}

function shapeOf({ width, height }: Picture, inkAt: (at: number) => number): Shape {
  const ink = (x: number, y: number) => inkAt((y * width + x) * 4);
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (ink(x, y) < EDGE) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  }
  if (right < 0) return Array.from({ length: SIDE * SIDE }, () => 0);
  const [across, down] = [right - left + 1, bottom - top + 1];
  return Array.from({ length: SIDE * SIDE }, (_one, index) => {
    const [column, row] = [index % SIDE, Math.floor(index / SIDE)];
    return between(ink, left + ((column + 0.5) * across) / SIDE - 0.5, top + ((row + 0.5) * down) / SIDE - 0.5, width, height);
  });
}

/** The ink at a place between four dots. */
function between(ink: (x: number, y: number) => number, x: number, y: number, width: number, height: number): number {
  const [x0, y0] = [Math.max(0, Math.floor(x)), Math.max(0, Math.floor(y))];
  const [x1, y1] = [Math.min(width - 1, x0 + 1), Math.min(height - 1, y0 + 1)];
  const [right, low] = [Math.max(0, x - x0), Math.max(0, y - y0)];
  const upper = ink(x0, y0) * (1 - right) + ink(x1, y0) * right;
  const lower = ink(x0, y1) * (1 - right) + ink(x1, y1) * right;
  return upper * (1 - low) + lower * low;
}

/** 0 where both are the same, 1 where each has its ink where the other has none. */
export function unlikeness(one: Shape, other: Shape): number {
  expect(one.length).toBe(other.length);
  return one.reduce((sum, ink, at) => sum + Math.abs(ink - (other[at] ?? 0)), 0) / one.length;
}
