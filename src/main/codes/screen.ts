/** What is on the screens, as pixels that stay in the main process. */
import { type Display, desktopCapturer, type NativeImage, type Rectangle, screen } from 'electron';
import { DoorstepError } from '../../contract/errors.ts';
import type { Picture } from './pictures/picture.ts';

/** A system that asks the person first (Wayland, macOS) gets this long, milliseconds. */
const DEADLINE = 60_000;

/** On Wayland the desktop portal asks the person anew for each picture, so there must be no more than one. */
export function asksForEachPicture(env: NodeJS.ProcessEnv = process.env): boolean {
  return process.platform === 'linux' && (env['XDG_SESSION_TYPE'] === 'wayland' || Boolean(env['WAYLAND_DISPLAY']));
}

/** Every screen. @throws DoorstepError screen.not-captured */
export async function captureScreens(): Promise<readonly Picture[]> {
  const shots = await capture(largest(screen.getAllDisplays()));
  return shots.map(({ image }) => pixelsOf(image));
}

/** A part of one screen; `area` in the coordinates of windows. @throws DoorstepError screen.not-captured */
export async function captureArea(area: Rectangle): Promise<Picture> {
  const display = screen.getDisplayMatching(area);
  const shots = await capture(largest([display]));
  // Where the system does not say which screen is which there is but one, or the person has chosen it.
  const shot = shots.find(({ displayId }) => displayId === String(display.id)) ?? shots[0];
  if (shot === undefined) throw new DoorstepError('screen.not-captured');
  const size = shot.image.getSize();
  const scale = { x: size.width / display.bounds.width, y: size.height / display.bounds.height };
  return pixelsOf(
    shot.image.crop({
      x: Math.max(0, Math.round((area.x - display.bounds.x) * scale.x)),
      y: Math.max(0, Math.round((area.y - display.bounds.y) * scale.y)),
      width: Math.round(area.width * scale.x),
      height: Math.round(area.height * scale.y),
    }),
  );
}

interface Shot {
  readonly displayId: string;
  readonly image: NativeImage;
}

/** Shots have as many dots as the screen: a smaller one would blur the codes. */
async function capture(thumbnailSize: { readonly width: number; readonly height: number }): Promise<readonly Shot[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DoorstepError('screen.not-captured', { because: 'deadline' })), DEADLINE);
  });
  try {
    const sources = await Promise.race([desktopCapturer.getSources({ types: ['screen'], thumbnailSize }), late]);
    const shots = sources
      .map(({ display_id, thumbnail }) => ({ displayId: display_id, image: thumbnail }))
      .filter(({ image }) => !image.isEmpty());
    if (shots.length === 0) throw new DoorstepError('screen.not-captured', { because: 'empty' });
    return shots;
  } catch (error) {
    if (error instanceof DoorstepError) throw error;
    throw new DoorstepError('screen.not-captured', {}, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function largest(displays: readonly Display[]): { readonly width: number; readonly height: number } {
  const dots = displays.map(({ size, scaleFactor }) => ({ width: size.width * scaleFactor, height: size.height * scaleFactor }));
  return {
    width: Math.ceil(Math.max(...dots.map(({ width }) => width))),
    height: Math.ceil(Math.max(...dots.map(({ height }) => height))),
  };
}

export function pixelsOf(image: NativeImage): Picture {
  const { width, height } = image.getSize();
  return { kind: 'pixels', bytes: new Uint8Array(image.toBitmap()), width, height };
}
