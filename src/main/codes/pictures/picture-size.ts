/** Width and height of a picture file from its header alone, before anything unpacks it. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** PNG, JPEG, GIF or BMP; null for anything else and for a header that makes no sense. */
export function sizeOfPicture(bytes: Uint8Array): Size | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = sizeOf(bytes, view);
  return size !== null && size.width > 0 && size.height > 0 ? size : null;
}

function sizeOf(bytes: Uint8Array, view: DataView): Size | null {
  const begins = (...wanted: number[]) => wanted.every((byte, at) => bytes[at] === byte);
  if (begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) && bytes.length >= 24) {
    // PNG (W3C), 11.2.1: the first chunk is IHDR.
    return { width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (begins(0x47, 0x49, 0x46, 0x38) && bytes.length >= 10) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (begins(0x42, 0x4d) && bytes.length >= 26 && view.getUint32(14, true) >= 40) {
    return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
  }
  return begins(0xff, 0xd8) ? sizeOfJpeg(bytes, view) : null;
}

/** ITU-T T.81, B.1.1 and B.2.2: segments until a start of frame. */
function sizeOfJpeg(bytes: Uint8Array, view: DataView): Size | null {
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    const alone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9);
    at += alone ? 2 : 2 + view.getUint16(at + 2);
  }
  return null;
}
