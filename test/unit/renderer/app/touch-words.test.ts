import { describe, expect, it } from 'vitest';
import { touchWords } from '../../../../src/renderer/app/prompts/touch-words.ts';
import { en } from '../../../../src/renderer/ui/messages/en.ts';

const nameOf = (id: string) => (id === 'a' ? 'Blue key' : 'Old key');
const say = en.app.prompt;

describe('a touch', () => {
  it('for a service is asked in the name of the service', () => {
    const words = touchWords({ kind: 'touch', tokenIds: ['a'], purpose: 'use' }, { kind: 'challenge', serviceName: 'VPN' }, nameOf, say);
    expect(words.title).toBe('VPN asks: is this you?');
    expect(words.text).toContain('if you started this sign-in yourself');
  });

  it('among several keys says to choose, and still who asks', () => {
    const prompt = { kind: 'touch', tokenIds: ['a', 'b'], purpose: 'choose' } as const;
    expect(touchWords(prompt, { kind: 'try' }, nameOf, say).title).toBe('Touch the key you want');
    expect(touchWords(prompt, { kind: 'challenge', serviceName: 'VPN' }, nameOf, say).title).toBe('VPN asks: is this you?');
  });

  it('that wipes says so', () => {
    const words = touchWords({ kind: 'touch', tokenIds: ['b'], purpose: 'reset' }, { kind: 'reset' }, nameOf, say);
    expect(words).toEqual({ title: 'Touch to wipe this key', text: 'Touch Old key now, and it is wiped.' });
  });
});
