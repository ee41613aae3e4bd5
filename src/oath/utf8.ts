/** UTF-8 (RFC 3629) as text, or null where it is not. The language alone has no decoder; it has this one for escapes. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return null;
  }
}
