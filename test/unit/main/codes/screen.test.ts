import { expect, it, vi } from 'vitest';
import { asksForEachPicture } from '../../../../src/main/codes/screen.ts';
import { frameShape, holeOf } from '../../../../src/main/codes/viewfinder.ts';

vi.mock('electron', () => ({}));

it('the frame of the viewfinder and its hole fill the window, and do not overlap', () => {
  for (const { width, height } of [
    { width: 240, height: 240 },
    { width: 376, height: 424 },
    { width: 1920, height: 1080 },
  ]) {
    const hole = holeOf({ x: 0, y: 0, width, height });
    const parts = [...frameShape(width, height), hole];
    expect(parts.reduce((sum, part) => sum + part.width * part.height, 0)).toBe(width * height);
    for (const part of parts) {
      expect(Math.min(part.x, part.y, part.width, part.height)).toBeGreaterThanOrEqual(0);
      expect(part.x + part.width).toBeLessThanOrEqual(width);
      expect(part.y + part.height).toBeLessThanOrEqual(height);
    }
  }
  expect(holeOf({ x: 100, y: 50, width: 376, height: 424 })).toEqual({ x: 108, y: 106, width: 360, height: 360 });
});

it('a desktop that asks the person for each picture is known', () => {
  expect([
    asksForEachPicture({ XDG_SESSION_TYPE: 'x11' }),
    asksForEachPicture({ XDG_SESSION_TYPE: 'wayland' }),
    asksForEachPicture({ WAYLAND_DISPLAY: 'wayland-0' }),
    asksForEachPicture({}),
  ]).toEqual([false, true, true, false]);
});
