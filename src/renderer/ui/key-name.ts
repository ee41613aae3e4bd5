export interface KeyNameWords {
  readonly defaultFirst: string;
  readonly defaultSpare: string;
  readonly defaultMore: (parts: { number: number }) => string;
}

/** A name for the next key that is not taken yet: "My key", "Spare key", "Key 3". */
export function defaultKeyName(taken: readonly string[], keys: number, words: KeyNameWords): string {
  const wanted = keys === 0 ? words.defaultFirst : keys === 1 ? words.defaultSpare : words.defaultMore({ number: keys + 1 });
  if (!taken.includes(wanted)) return wanted;
  let number = keys + 1;
  while (taken.includes(words.defaultMore({ number }))) number += 1;
  return words.defaultMore({ number });
}
