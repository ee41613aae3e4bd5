import { type Component, mount } from 'svelte';
import '../ui/ground.css';
import { language } from '../ui/messages/language.svelte.ts';

/** Puts a page into the document, in the language of the person. */
export function show<Props extends Record<string, unknown>>(page: Component<Props>, props: Props): void {
  const target = document.getElementById('page');
  if (target === null) return;
  language.apply(document.documentElement);
  mount(page, { target, props });
}
