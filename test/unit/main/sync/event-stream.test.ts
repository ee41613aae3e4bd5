import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEventParser } from '../../../../src/main/sync/event-stream.ts';

const feed = (pieces: readonly string[]) => {
  const heard: string[] = [];
  const parse = createEventParser((data) => heard.push(data));
  for (const piece of pieces) parse(piece);
  return heard;
};

test('events come out whole; comments, ids and names say nothing to us', () => {
  expect(feed([': hello\n\nid: 7\nevent: change\ndata: {"version":1}\n\ndata:a\ndata: b\n\ndata: unfinished\n'])).toEqual([
    '{"version":1}',
    'a\nb',
  ]);
});

test('it does not matter where the network cuts the text, nor how lines end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z0-9{}":]{0,12}$/), { maxLength: 6 }),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.nat(200), { maxLength: 8 }),
      (events, end, cuts) => {
        const text = events.map((data) => `data: ${data}${end}${end}`).join('');
        const at = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].sort((a, b) => a - b);
        const pieces = [...at, text.length].map((cut, index) => text.slice(index === 0 ? 0 : at[index - 1], cut));
        expect(feed(pieces)).toEqual(events);
      },
    ),
  );
});

test('a stream that never ends a line, or an event, is cut off', () => {
  expect(() => feed(['x'.repeat(4_200_000)])).toThrow(RangeError);
  expect(() => feed(Array.from({ length: 43 }, () => `data: ${'x'.repeat(100_000)}\n`))).toThrow(RangeError);
});
