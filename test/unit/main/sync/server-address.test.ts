import { expect, test } from 'vitest';
import { pagesOf, parseServer } from '../../../../src/main/sync/server-address.ts';

test.each([
  ['https://id.example', 'https://id.example'],
  [' id.example ', 'https://id.example'],
  ['https://id.example:8443/', 'https://id.example:8443'],
  ['http://localhost:7410', 'http://localhost:7410'],
  ['http://127.0.0.1:7410', 'http://127.0.0.1:7410'],
  ['http://[::1]:7410', 'http://[::1]:7410'],
])('%s is %s', (text, origin) => {
  expect(parseServer(text)).toBe(origin);
});

test.each([
  'http://id.example',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example',
  'http://192.168.1.1',
  'ftp://id.example',
  'javascript://id.example/%0aalert(1)',
  'https://someone@id.example',
  'https://id.example/path',
  'https://id.example/?x',
  'https://id.example/#x',
  'https://',
  '',
])('%s is not trusted', (text) => {
  expect(() => parseServer(text)).toThrow(expect.objectContaining({ code: 'backend.not-trusted' }));
});

test('the pages that may be opened outside are three, and none of a backend that is not safe', () => {
  expect(pagesOf('https://id.example')).toEqual([
    'https://id.example/security',
    'https://id.example/help',
    'https://id.example/accessibility',
  ]);
  for (const server of ['http://id.example', 'ftp://localhost', 'nonsense', '']) expect(pagesOf(server)).toEqual([]);
});
