import { en, type Messages } from './en.ts';

/** By BCP 47 tag. A new language is one more line here. */
const CATALOGUES: Readonly<Record<string, Messages>> = { en };

/**
 * @param wanted BCP 47 tags, the dearest first
 * @returns the catalogue for the first of them that there is one for, else English
 */
export function catalogueFor(wanted: readonly string[], catalogues: Readonly<Record<string, Messages>> = CATALOGUES): Messages {
  for (const tag of wanted.map((one) => one.toLowerCase())) {
    const found = catalogues[tag] ?? catalogues[tag.split('-')[0] ?? ''];
    if (found !== undefined) return found;
  }
  return en;
}
