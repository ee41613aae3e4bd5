import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostOf, serverAddress } from '../../../../src/renderer/app/server-address.ts';

describe('the address of a backend', () => {
  it.each([
    ['id.example.org', 'https://id.example.org'],
    [' https://ID.example.org/security ', 'https://id.example.org'],
    ['id.example.org:8443', 'https://id.example.org:8443'],
    ['http://localhost:7410', 'http://localhost:7410'],
    ['http://127.0.0.1:7410/', 'http://127.0.0.1:7410'],
    ['http://[::1]:7410', 'http://[::1]:7410'],
  ])('%s is %s', (typed, address) => {
    expect(serverAddress(typed)).toBe(address);
  });

  it.each([
    '',
    '   ',
    'http://id.example.org',
    'http://localhost.evil.example',
    'ftp://id.example.org',
    'javascript:alert(1)',
    'https://a:b@id.example.org',
    'not an address',
  ])('%s is none', (typed) => {
    expect(serverAddress(typed)).toBeNull();
  });

  it('is https, or loopback, whatever was typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ validSchemes: ['http', 'https', 'ftp'] })), (typed) => {
        const address = serverAddress(typed);
        return address === null || address.startsWith('https://') || /^http:\/\/(localhost|[^/]*\.localhost|127\.|\[::1\])/.test(address);
      }),
    );
  });

  it('is shown as its host', () => {
    expect(hostOf('https://id.example.org')).toBe('id.example.org');
    expect(hostOf('nothing')).toBe('nothing');
  });
});
