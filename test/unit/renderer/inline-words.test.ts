/** Texts come from the message catalogue alone, and nothing in a component needs a hole in the content security policy. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';

const ROOM = path.resolve(import.meta.dirname, '../../../src/renderer');
const COMPONENTS = readdirSync(ROOM, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.svelte'));

/** Attributes that people read or hear. */
const SPOKEN = new Set([
  'aria-label',
  'aria-description',
  'aria-roledescription',
  'aria-valuetext',
  'title',
  'alt',
  'placeholder',
  'label',
]);
/** Props of our own parts that people read or hear. */
const SPOKEN_PROPS = new Set([
  ...SPOKEN,
  'text',
  'note',
  'hint',
  'fault',
  'button',
  'busyLabel',
  'action',
  'keep',
  'about',
  'question',
  'spoken',
  'lead',
  'end',
  'cancelLabel',
]);

interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function* walk(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const one of value) yield* walk(one);
    return;
  }
  if (!isNode(value)) return;
  yield value;
  for (const [member, child] of Object.entries(value)) if (member !== 'parent') yield* walk(child);
}

const hasLetters = (text: unknown) => typeof text === 'string' && /\p{L}{2}/u.test(text);

/** Text nodes, spoken attributes and string literals in the markup that look like words. */
function wordsIn(source: string): string[] {
  const { fragment } = parse(source, { modern: true });
  const found: string[] = [];
  const inAttribute = new Set<unknown>();
  for (const node of walk(fragment)) {
    if (node.type === 'Attribute' && Array.isArray(node['value'])) for (const part of node['value']) inAttribute.add(part);
    if (node.type === 'Attribute' && typeof node['name'] === 'string' && SPOKEN_PROPS.has(node['name']) && Array.isArray(node['value'])) {
      for (const part of node['value'])
        if (isNode(part) && part.type === 'Text' && hasLetters(part['data'])) found.push(String(part['data']));
    }
    if (node.type === 'Text' && !inAttribute.has(node) && hasLetters(node['data'])) found.push(String(node['data']).trim());
    // Words have a space or a capital; 'main', 'aria-busy' and the like are no words.
    if (node.type === 'Literal' && typeof node['value'] === 'string' && /^\p{Lu}\p{Ll}|\p{L} \p{L}/u.test(node['value']))
      found.push(node['value']);
  }
  return found;
}

describe('components', () => {
  it('are found', () => {
    expect(COMPONENTS.length).toBeGreaterThan(40);
  });

  it.each(COMPONENTS)('%s has no words of its own', (file) => {
    expect(wordsIn(readFileSync(path.join(ROOM, file), 'utf8'))).toEqual([]);
  });

  it.each(COMPONENTS)('%s keeps to the content security policy', (file) => {
    const source = readFileSync(path.join(ROOM, file), 'utf8');
    const { fragment } = parse(source, { modern: true });
    const forbidden = [...walk(fragment)].filter(
      (node) =>
        node.type === 'StyleDirective' ||
        node.type === 'HtmlTag' ||
        ['TransitionDirective', 'AnimateDirective'].includes(node.type) ||
        (node.type === 'Attribute' && node['name'] === 'style'),
    );
    expect(forbidden.map(({ type }) => type)).toEqual([]);
  });

  it.each(COMPONENTS)('%s turns round with the writing', (file) => {
    const style = /<style>([\s\S]*)<\/style>/.exec(readFileSync(path.join(ROOM, file), 'utf8'))?.[1] ?? '';
    expect(
      style.match(
        /(?:^|[\s;{])(?:margin|padding|border)-(?:left|right|top|bottom)|(?:^|[\s;{])(?:left|right|top|bottom|width|height)\s*:/g,
      ) ?? [],
    ).toEqual([]);
  });
});

describe('the rule itself', () => {
  it.each([
    '<p>Words</p>',
    '<button aria-label="Close">x</button>',
    '<p>{ready ? "All is well" : say.wait}</p>',
    '<Banner title="Trouble" />',
  ])('catches %s', (source) => {
    expect(wordsIn(source)).not.toEqual([]);
  });

  it.each([
    '<p>{say.words}</p>',
    '<p class="quiet small">{count}.</p>',
    '<Icon name="home" />',
    "<p class={on ? 'main' : 'second'}>{say.x}</p>",
  ])('lets %s pass', (source) => {
    expect(wordsIn(source)).toEqual([]);
  });
});
