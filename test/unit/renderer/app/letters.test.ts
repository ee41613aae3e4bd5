import { describe, expect, it } from 'vitest';
import { lettersOf } from '../../../../src/renderer/app/letters.ts';

describe('letters for a service', () => {
  it.each([
    ['VPN', 'VPN'],
    ['Library portal', 'LP'],
    ['Library', 'L'],
    ['high performance computing cluster', 'HPC'],
    ['  ', ''],
    ['éclair 🗝', 'É'],
    ['🗝', ''],
    ['<Library> (main)', 'LM'],
  ])('of %s are %s', (name, letters) => {
    expect(lettersOf(name)).toBe(letters);
  });
});
