/** The codes that the window shows now, and what a person does with them. The seeds stay in the main process. */
import type { CodeDraft, CodeEntry, ShownCode, TypedSeed } from '../../../contract/codes.ts';
import type { IpcRequest } from '../../../contract/ipc.ts';
import { language } from '../../ui/messages/language.svelte.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import type { MainLink } from '../main-link.svelte.ts';
import { titleOf } from './code-list.ts';

type Source = IpcRequest<'code.read'>['source'];

/** Where a failure to read the codes stands. */
export const CODES = 'codes';

export class Codes {
  /** What main told last, by id: time-based codes, and the ones that were asked for. */
  shown = $state.raw<ReadonlyMap<string, ShownCode>>(new Map());
  /** What was found and is not kept yet. */
  draft = $state.raw<CodeDraft | null>(null);
  /** What stands above the list when it is read from a screen reader after a move. */
  moved = $state('');
  readonly #link: MainLink;

  constructor(link: MainLink) {
    this.#link = link;
  }

  /** Asks for every time-based code, for now and the period after. */
  async refresh(): Promise<void> {
    const answer = await this.#link.ask(CODES, 'code.show', {});
    if (answer === null) return;
    const kept = [...this.shown.values()].filter(({ until }) => until === null);
    this.shown = new Map([...kept, ...answer.value].map((one) => [one.id, one]));
  }

  /** Whether a time-based code has ended, or has not begun: the clock may have been set. */
  isStale(time: number): boolean {
    return [...this.shown.values()].some(({ from, until }) => until !== null && (time >= until || time < from));
  }

  async next(entry: CodeEntry): Promise<void> {
    const answer = await this.#link.ask(`code:${entry.id}`, 'code.next', { id: entry.id });
    if (answer !== null) this.shown = new Map([...this.shown, [entry.id, answer.value]]);
  }

  async copy(entry: CodeEntry): Promise<void> {
    const answer = await this.#link.ask(`code:${entry.id}`, 'code.copy', { id: entry.id });
    if (answer === null) return;
    const seconds = Math.max(1, Math.round((answer.value.clearedAt - Date.now()) / 1000));
    toasts.say(language.say.codes.copied({ name: this.#title(entry), seconds }));
  }

  async rename(entry: CodeEntry, name: string): Promise<boolean> {
    const done = await this.#link.ask('code-rename', 'code.rename', { id: entry.id, name });
    if (done !== null) toasts.say(language.say.ways.renamed({ name }));
    return done !== null;
  }

  /** @param to index in the whole list, after the move */
  async move(entry: CodeEntry, to: number): Promise<void> {
    const done = await this.#link.ask(`code:${entry.id}`, 'code.move', { id: entry.id, to });
    if (done !== null) this.moved = language.say.codes.moved({ name: this.#title(entry), place: to + 1 });
  }

  async remove(entry: CodeEntry): Promise<boolean> {
    return (await this.#link.ask('code-remove', 'code.remove', { id: entry.id })) !== null;
  }

  async restore(id: string, label: string): Promise<void> {
    if ((await this.#link.ask('code-restore', 'code.restore', { id })) !== null) toasts.say(language.say.codes.restored({ name: label }));
  }

  /** Looks for codes in a link, a picture or the screen. A part of an export joins the draft that is open. */
  async read(source: Source): Promise<boolean> {
    const joins = this.draft?.parts == null ? {} : { draftId: this.draft.draftId };
    const answer = await this.#link.ask('code-read', 'code.read', { source, ...joins });
    if (answer === null || answer.value === null) return false;
    this.draft = answer.value;
    return true;
  }

  async keep(indexes: readonly number[]): Promise<boolean> {
    const { draft } = this;
    if (draft === null) return false;
    const answer = await this.#link.ask('code-keep', 'code.keep', { draftId: draft.draftId, indexes: [...indexes] });
    if (answer === null) return false;
    const [only] = draft.items.filter(({ index }) => indexes.includes(index));
    const name = only === undefined ? '' : titleOf({ ...only, name: '' }, language.say.codes);
    toasts.say(indexes.length === 1 ? language.say.codes.added({ name }) : language.say.codes.addedMany({ count: indexes.length }));
    this.draft = null;
    return true;
  }

  /** Forgets what was found. */
  async drop(): Promise<void> {
    const { draft } = this;
    this.draft = null;
    for (const place of ['code-read', 'code-keep', 'code-type']) this.#link.clearFault(place);
    if (draft !== null) await this.#link.ask('code-drop', 'code.drop', { draftId: draft.draftId });
  }

  async type(seed: TypedSeed): Promise<boolean> {
    const answer = await this.#link.ask('code-type', 'code.type', seed);
    if (answer === null) return false;
    toasts.say(language.say.codes.added({ name: titleOf({ ...seed, name: '' }, language.say.codes) }));
    return true;
  }

  async enrollOwn(name: string): Promise<boolean> {
    const answer = await this.#link.ask('code-own', 'code.enroll-own', { name });
    if (answer !== null) toasts.say(language.say.codes.ownAdded);
    return answer !== null;
  }

  #title(entry: CodeEntry): string {
    return titleOf(entry, language.say.codes);
  }
}
