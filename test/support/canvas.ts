/** Pixels as a screen has them (blue, green, red, alpha), and what may happen to a QR code on its way there. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** A QR code as rows of modules, true for dark, its margin included. */
export type Modules = readonly (readonly boolean[])[];

export function blankCanvas(width: number, height: number, grey = 255): Canvas {
  return { width, height, bytes: new Uint8Array(width * height * 4).fill(grey) };
}

export interface Placing {
  readonly x: number;
  readonly y: number;
  /** Dots a module. */
  readonly scale: number;
  /** Turned about its middle, degrees. */
  readonly degrees?: number;
  readonly dark?: readonly [red: number, green: number, blue: number];
  readonly light?: readonly [red: number, green: number, blue: number];
}

/** Draws the code; its square begins at x, y before it is turned. */
export function drawCode(
  canvas: Canvas,
  modules: Modules,
  { x, y, scale, degrees = 0, dark = [0, 0, 0], light = [255, 255, 255] }: Placing,
): void {
  const size = modules.length * scale;
  const turn = (degrees * Math.PI) / 180;
  const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
  const reach = Math.ceil(size * 0.71);
  for (let dy = -reach; dy < reach; dy++) {
    for (let dx = -reach; dx < reach; dx++) {
      const row = Math.floor((cos * dy - sin * dx + size / 2) / scale);
      const column = Math.floor((cos * dx + sin * dy + size / 2) / scale);
      const module = modules[row]?.[column];
      if (module === undefined) continue;
      put(canvas, Math.round(x + size / 2 + dx), Math.round(y + size / 2 + dy), module ? dark : light);
    }
  }
}

function put({ width, height, bytes }: Canvas, x: number, y: number, [red, green, blue]: readonly [number, number, number]): void {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  bytes.set([blue, green, red, 255], (y * width + x) * 4);
}

/** Each dot as the mean of those around it, `radius` to each side. */
export function blur({ width, height, bytes }: Canvas, radius: number): Canvas {
  const across = new Uint8Array(bytes.length);
  const both = new Uint8Array(bytes.length);
  const pass = (from: Uint8Array, to: Uint8Array, stepX: number, stepY: number) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let channel = 0; channel < 4; channel++) {
          let sum = 0;
          for (let k = -radius; k <= radius; k++) {
            const nearX = Math.min(width - 1, Math.max(0, x + k * stepX));
            const nearY = Math.min(height - 1, Math.max(0, y + k * stepY));
            sum += from[(nearY * width + nearX) * 4 + channel]!;
          }
          to[(y * width + x) * 4 + channel] = Math.round(sum / (2 * radius + 1));
        }
      }
    }
  };
  pass(bytes, across, 1, 0);
  pass(across, both, 0, 1);
  return { width, height, bytes: both };
}
