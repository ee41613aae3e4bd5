import { describe, expect, it } from 'vitest';
import { catalogueFor } from '../../../../../src/renderer/ui/messages/catalogues.ts';
import { en } from '../../../../../src/renderer/ui/messages/en.ts';

const ar = { ...en, language: { name: 'العربية', tag: 'ar', formats: 'ar', direction: 'rtl' as const } };
const enUs = { ...en, language: { ...en.language, tag: 'en-US' } };

describe('the catalogue', () => {
  it.each([
    [[], 'en'],
    [['fr', 'de'], 'en'],
    [['fr', 'ar-EG', 'en'], 'ar'],
    [['EN-us'], 'en-US'],
    [['en-GB'], 'en'],
  ])('for %j is %s', (wanted, tag) => {
    expect(catalogueFor(wanted, { en, ar, 'en-us': enUs }).language.tag).toBe(tag);
  });

  it('is English out of the box', () => {
    expect(catalogueFor(['en-AU']).language).toEqual(en.language);
  });
});
