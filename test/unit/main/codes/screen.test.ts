import { expect, it, vi } from 'vitest';
import { asksForEachPicture } from '../../../../src/main/codes/screen.ts';
import { frameShape, holeOf } from '../../../../src/main/codes/viewfinder.ts';

vi.mock('electron', () => ({}));

it('the frame of the viewfinder and its hole fill the window, and do not overlap', () => {
  for (const size of [
    { width: 240, height: 240 },
    { width: 376, height: 424 },
    { width: 1920, height: 1080 },
  ]) {
    // The sizes of text that the menu gives.
    for (const zoom of [0.8, 1, 1.2, 1.728, 3]) {
      const [width, height] = [Math.round(size.width * zoom), Math.round(size.height * zoom)];
      const hole = holeOf({ x: 0, y: 0, width, height }, zoom);
      const parts = [...frameShape({ width, height }, zoom), hole];
      expect(parts.reduce((sum, part) => sum + part.width * part.height, 0)).toBe(width * height);
      for (const part of parts) {
        expect(Math.min(part.x, part.y, part.width, part.height)).toBeGreaterThanOrEqual(0);
        expect(part.x + part.width).toBeLessThanOrEqual(width);
        expect(part.y + part.height).toBeLessThanOrEqual(height);
      }
    }
  }
  expect(holeOf({ x: 100, y: 50, width: 376, height: 424 }, 1)).toEqual({ x: 108, y: 106, width: 360, height: 360 });
  expect(holeOf({ x: 100, y: 50, width: 752, height: 848 }, 2)).toEqual({ x: 116, y: 162, width: 720, height: 720 });
});

it('a desktop that asks the person for each picture is known', () => {
  expect([
    asksForEachPicture({ XDG_SESSION_TYPE: 'x11' }),
    asksForEachPicture({ XDG_SESSION_TYPE: 'wayland' }),
    asksForEachPicture({ WAYLAND_DISPLAY: 'wayland-0' }),
    asksForEachPicture({}),
  ]).toEqual([false, true, true, false]);
});
