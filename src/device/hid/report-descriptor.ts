/**
 * Report sizes from a HID report descriptor (Device Class Definition for HID 1.11, section 6.2.2). Only what is
 * needed to find the FIDO collection and the sizes of its one input and one output report. Pure.
 */
import type { ReportSizes } from '../link.ts';

export const FIDO_USAGE_PAGE = 0xf1d0;
export const FIDO_USAGE = 0x01;

const TAG = {
  input: 0x80,
  output: 0x90,
  collection: 0xa0,
  endCollection: 0xc0,
  usagePage: 0x04,
  reportSize: 0x74,
  reportCount: 0x94,
  push: 0xa4,
  pop: 0xb4,
  usage: 0x08,
} as const;
const LONG_ITEM = 0xfe;

interface Globals {
  usagePage: number;
  reportSize: number;
  reportCount: number;
}

/** Sizes in bytes of the FIDO reports, or null where the descriptor has no whole FIDO collection. */
export function fidoReportSizes(descriptor: Uint8Array): ReportSizes | null {
  let globals: Globals = { usagePage: 0, reportSize: 0, reportCount: 0 };
  const stack: Globals[] = [];
  let usage = 0;
  let depth = 0;
  let inFido = false;
  let inputBits = 0;
  let outputBits = 0;
  for (let at = 0; at < descriptor.length; ) {
    const prefix = descriptor[at] ?? 0;
    if (prefix === LONG_ITEM) {
      at += 3 + (descriptor[at + 1] ?? 0);
      continue;
    }
    const size = [0, 1, 2, 4][prefix & 3] ?? 0;
    let value = 0;
    for (let byte = size; byte > 0; byte--) value = value * 256 + (descriptor[at + byte] ?? 0);
    at += 1 + size;
    switch (prefix & 0xfc) {
      case TAG.usagePage:
        globals.usagePage = value;
        break;
      case TAG.reportSize:
        globals.reportSize = value;
        break;
      case TAG.reportCount:
        globals.reportCount = value;
        break;
      case TAG.push:
        if (stack.length < 16) stack.push({ ...globals });
        break;
      case TAG.pop:
        globals = stack.pop() ?? globals;
        break;
      case TAG.usage:
        usage = size === 4 ? value & 0xffff : value;
        break;
      case TAG.collection:
        if (depth === 0) inFido = globals.usagePage === FIDO_USAGE_PAGE && usage === FIDO_USAGE;
        depth++;
        usage = 0;
        break;
      case TAG.endCollection:
        depth--;
        if (depth === 0) inFido = false;
        break;
      case TAG.input:
        if (inFido) inputBits += globals.reportSize * globals.reportCount;
        usage = 0;
        break;
      case TAG.output:
        if (inFido) outputBits += globals.reportSize * globals.reportCount;
        usage = 0;
        break;
    }
  }
  return inputBits === 0 || outputBits === 0 ? null : { input: inputBits / 8, output: outputBits / 8 };
}
