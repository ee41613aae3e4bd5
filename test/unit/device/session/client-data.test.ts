import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ccdToString, serializeClientData } from '../../../../src/device/session/client-data.ts';

const text = (type: 'webauthn.create' | 'webauthn.get', challenge: string, origin: string) =>
  new TextDecoder().decode(serializeClientData({ type, challenge, origin }));

describe('clientDataJSON', () => {
  it('has the members in the order and the form of WebAuthn section 5.8.1.1', () => {
    expect(text('webauthn.create', 'AAAA', 'https://login.northmoor.example')).toBe(
      '{"type":"webauthn.create","challenge":"AAAA","origin":"https://login.northmoor.example","crossOrigin":false}',
    );
    expect(text('webauthn.get', 'BBBB', 'http://localhost:7410')).toBe(
      '{"type":"webauthn.get","challenge":"BBBB","origin":"http://localhost:7410","crossOrigin":false}',
    );
  });

  it('escapes the quote, the backslash and control characters, and nothing else', () => {
    expect(ccdToString('a"b\\c\u0000\n\u001f\u007f\u2028/é\u{1F511}')).toBe('"a\\"b\\\\c\\u0000\\u000a\\u001f\u007f\u2028/é\u{1F511}"');
  });

  it('is JSON of what went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (origin) => {
        expect(JSON.parse(text('webauthn.get', 'AAAA', origin))).toEqual({
          type: 'webauthn.get',
          challenge: 'AAAA',
          origin,
          crossOrigin: false,
        });
      }),
    );
  });
});
