import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readPairingCode } from '../../../../src/main/app/pairing-code.ts';

test.each([
  ['{"pairingCode":"KTRW-4N7X"}\n', 'KTRW-4N7X'],
  ['{}\n', null],
  ['{"pairingCode":""}\n', null],
  ['not json\n', null],
  ['', null],
])('the launcher says %j', async (text, code) => {
  const input = new PassThrough();
  const read = readPairingCode(input);
  input.end(text);
  expect(await read).toBe(code);
});
