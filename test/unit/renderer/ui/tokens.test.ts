/** The contrasts that the look promises, from the colours that are really there (WCAG 2.2, 1.4.3 and 1.4.11). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../../../src/renderer/ui/tokens.css', import.meta.url), 'utf8');

function colours(block: string): Map<string, string> {
  return new Map([...block.matchAll(/--([a-z0-9-]+):\s*#([0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]));
}

const light = colours(css.slice(0, css.indexOf('@media')));
const dark = new Map([...light, ...colours(/prefers-color-scheme: dark\)([\s\S]*?)\n\}/.exec(css)?.[1] ?? '')]);

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((start) => {
    const part = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(scheme: ReadonlyMap<string, string>, front: string, back: string): number {
  const [a = 0, b = 0] = [scheme.get(front) ?? '', scheme.get(back) ?? ''].map(luminance);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const TEXT: readonly (readonly [string, string])[] = ['bg', 'surface', 'sunken'].flatMap((back) => [
  ['ink', back],
  ['ink-2', back],
]);

describe.each([
  ['light', light],
  ['dark', dark],
])('%s', (_name, scheme) => {
  it.each(TEXT)('%s on %s', (front, back) => {
    expect(contrast(scheme, front, back)).toBeGreaterThanOrEqual(6.7);
  });

  it.each([
    ['accent', 'surface', 7],
    ['accent', 'bg', 4.5],
    ['accent', 'sunken', 4.5],
    ['on-accent', 'accent', 7],
    ['on-accent', 'accent-hover', 7],
    ['accent', 'accent-soft', 6],
    ['ink', 'accent-soft', 11],
    ['ink-2', 'accent-soft', 4.5],
    ['danger', 'danger-soft', 6.5],
    ['danger', 'surface', 4.5],
    ['ink', 'danger-soft', 7],
    ['warn', 'warn-soft', 7],
    ['ink', 'warn-soft', 7],
    ['bg', 'ink', 7],
    ['edge', 'surface', 3],
    ['edge', 'bg', 3],
  ] as const)('%s on %s is at least %d', (front, back, least) => {
    expect(contrast(scheme, front, back)).toBeGreaterThanOrEqual(least);
  });
});
