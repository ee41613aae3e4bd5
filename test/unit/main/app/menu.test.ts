import { expect, test, vi } from 'vitest';
import { nextZoom } from '../../../../src/main/app/menu.ts';

vi.mock('electron', () => ({ Menu: {} }));

test('text size stays between 80 and 300 percent', () => {
  let zoom = 1;
  for (let step = 0; step < 20; step += 1) zoom = nextZoom(zoom, 'larger');
  expect(zoom).toBe(3);
  for (let step = 0; step < 40; step += 1) zoom = nextZoom(zoom, 'smaller');
  expect(zoom).toBe(0.8);
});
