import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { fileFor } from '../../../../src/main/windows/scheme.ts';

vi.mock('electron', () => ({ protocol: {} }));

test.each([
  ['app://doorstep/index.html', ['index.html'], 'text/html; charset=utf-8'],
  ['app://doorstep/assets/index-a1B2.js?v=1', ['assets', 'index-a1B2.js'], 'text/javascript; charset=utf-8'],
])('%s is a file', (address, parts, type) => {
  expect(fileFor('GET', address)).toEqual({ parts, type });
});

test('dots that climb are gone before a file is looked for', () => {
  expect(fileFor('GET', 'app://doorstep/%2e%2e/../main/index.html')?.parts).toEqual(['main', 'index.html']);
});

test.each([
  ['POST', 'app://doorstep/index.html'],
  ['GET', 'app://other/index.html'],
  ['GET', 'file:///etc/passwd.html'],
  ['GET', 'app://doorstep/'],
  ['GET', 'app://doorstep/assets//x.js'],
  ['GET', 'app://doorstep/.hidden.html'],
  ['GET', 'app://doorstep/..%2fmain.html'],
  ['GET', 'app://doorstep/index.cjs'],
  ['GET', 'app://doorstep/index'],
])('%s %s is none', (method, address) => {
  expect(fileFor(method, address)).toBeNull();
});

test('no path climbs out of the folder', () => {
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      const file = fileFor('GET', `app://doorstep${path}`);
      for (const part of file?.parts ?? []) expect(part === '.' || part === '..' || /[\\/]/.test(part)).toBe(false);
    }),
  );
});
