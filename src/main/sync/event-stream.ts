/** The text/event-stream format (WHATWG HTML, 9.2.6), as far as the device API uses it. */

/** A parser that is fed text as it arrives and calls `onData` with the data of each complete event. */
export function createEventParser(onData: (data: string) => void): (text: string) => void {
  let rest = '';
  let data: string[] = [];
  let size = 0;
  const line = (text: string) => {
    if (text === '') {
      if (data.length > 0) onData(data.join('\n'));
      data = [];
      size = 0;
      return;
    }
    if (text.startsWith('data:')) {
      const value = text.slice(text.startsWith('data: ') ? 6 : 5);
      size += value.length;
      if (size > LARGEST_EVENT) throw new RangeError('event too large');
      data.push(value);
    }
  };
  return (text) => {
    rest += text;
    for (;;) {
      const end = rest.search(/\r\n|\n|\r(?=[^\n])/);
      if (end < 0) break;
      const width = rest.startsWith('\r\n', end) ? 2 : 1;
      line(rest.slice(0, end));
      rest = rest.slice(end + width);
    }
    if (rest.length > LARGEST_EVENT) throw new RangeError('event too large');
  };
}

/** An event carries a snapshot; a stream that sends much more is not ours. */
const LARGEST_EVENT = 4 * 1024 * 1024;
