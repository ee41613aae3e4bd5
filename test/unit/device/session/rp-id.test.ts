import { describe, expect, it } from 'vitest';
import { checkRpId, rpIdFault } from '../../../../src/device/session/rp-id.ts';

describe('an RP ID', () => {
  it.each([
    ['login.northmoor.example', 'https://login.northmoor.example'],
    ['northmoor.example', 'https://login.northmoor.example'],
    ['northmoor.co.uk', 'https://a.b.northmoor.co.uk'],
    ['example.com', 'https://example.com:8443'],
    ['localhost', 'http://localhost:7410'],
    ['localhost', 'https://localhost'],
    ['app.localhost', 'http://app.localhost:3000'],
    ['localhost', 'http://app.localhost'],
    ['intranet', 'https://intranet'],
    // A host that is a public suffix itself may use its own name.
    ['github.io', 'https://github.io'],
    ['xn--bcher-kva.example', 'https://www.xn--bcher-kva.example'],
    ['xn--bcher-kva.example', `${new URL('https://www.b\u00fccher.example').origin}`],
    // Exception rule of the public suffix list: *.ck but not www.ck.
    ['www.ck', 'https://a.www.ck'],
  ])('%s is for %s', (rpId, origin) => {
    expect(rpIdFault(rpId, origin)).toBe(null);
    expect(() => checkRpId(rpId, origin)).not.toThrow();
  });

  it.each([
    ['example.com', 'https://evil-example.com', 'other-domain'],
    ['login.example.com', 'https://example.com', 'other-domain'],
    ['other.com', 'https://example.com', 'other-domain'],
    ['com', 'https://example.com', 'public-suffix'],
    ['co.uk', 'https://northmoor.co.uk', 'public-suffix'],
    ['uk', 'https://northmoor.co.uk', 'public-suffix'],
    ['github.io', 'https://someone.github.io', 'public-suffix'],
    // Wildcard rule: every name directly below ck is a public suffix.
    ['foo.ck', 'https://a.foo.ck', 'public-suffix'],
    ['example.com', 'http://example.com', 'scheme'],
    ['example.com', 'ftp://example.com', 'scheme'],
    ['example.com', 'https://example.com/', 'origin'],
    ['example.com', 'https://user@example.com', 'origin'],
    ['example.com', 'https://EXAMPLE.com', 'origin'],
    ['example.com', 'null', 'origin'],
    ['example.com', '', 'origin'],
    ['127.0.0.1', 'https://127.0.0.1', 'address'],
    ['0.0.1', 'https://127.0.0.1', 'address'],
    ['::1', 'https://[::1]', 'not-a-domain'],
    ['', 'https://example.com', 'not-a-domain'],
    ['.com', 'https://example.com', 'not-a-domain'],
    ['example.com.', 'https://example.com', 'not-a-domain'],
    ['Example.com', 'https://example.com', 'not-a-domain'],
    ['b\u00fccher.example', 'https://b.example', 'not-a-domain'],
    ['a'.repeat(254), 'https://example.com', 'not-a-domain'],
    ['ample.com', 'https://example.com', 'other-domain'],
  ])('%s is not for %s', (rpId, origin, fault) => {
    expect(rpIdFault(rpId, origin)).toBe(fault);
    expect(() => checkRpId(rpId, origin)).toThrow('rp.not-allowed');
  });
});
