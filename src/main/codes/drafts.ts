/** What was found in links and pictures and waits for the person's yes. In memory alone, and not for long. */
import { randomBytes } from 'node:crypto';
import type { CodeDraft } from '../../contract/codes.ts';
import { DoorstepError } from '../../contract/errors.ts';
import { isMigration, type MigrationPart, parseMigration } from '../../oath/migration.ts';
import { isOtpauth, parseOtpauth } from '../../oath/otpauth.ts';
import { type Seed, shownName } from '../../oath/seed.ts';
import { sameKey } from './seed-text.ts';

export interface Drafts {
  /**
   * Reads texts, such as those of several QR codes; what is no code is passed over where another one is. With `draftId`
   * they are further parts of a draft.
   * @throws DoorstepError seed.malformed, seed.unsupported: none of them is a code; ipc.refused: the draft is no more
   */
  read(texts: readonly string[], draftId: string | undefined): Promise<CodeDraft>;
  /** Takes the chosen seeds out and ends the draft. @throws DoorstepError ipc.refused */
  take(draftId: string, indexes: readonly number[]): readonly Seed[];
  drop(draftId: string): void;
  clear(): void;
}

interface Draft {
  readonly id: string;
  readonly seeds: readonly Seed[];
  readonly parts: readonly MigrationPart[];
  readonly refused: readonly string[];
  readonly timer: NodeJS.Timeout;
}

/** Milliseconds that a draft waits. */
const LIFE = 10 * 60_000;
const MOST_DRAFTS = 8;
const MOST_ITEMS = 256;

/** `known` says under which id a seed is kept already. */
export function createDrafts(known: (seed: Seed) => Promise<string | null>): Drafts {
  const drafts = new Map<string, Draft>();

  const drop = (id: string) => {
    clearTimeout(drafts.get(id)?.timer);
    drafts.delete(id);
  };

  const hold = (id: string, found: Omit<Draft, 'id' | 'timer'>): Draft => {
    drop(id);
    const oldest = drafts.keys().next().value;
    if (drafts.size >= MOST_DRAFTS && oldest !== undefined) drop(oldest);
    const timer = setTimeout(() => drop(id), LIFE);
    timer.unref();
    const draft = { id, ...found, timer };
    drafts.set(id, draft);
    return draft;
  };

  const shown = async ({ id, seeds, parts, refused }: Draft): Promise<CodeDraft> => ({
    draftId: id,
    items: await Promise.all(
      seeds.map(async (seed, index) => {
        const { kind, issuer, account, algorithm, digits, period } = seed;
        return { index, kind, issuer, account, algorithm, digits, period, duplicateOf: await known(seed) };
      }),
    ),
    parts: partsOf(parts),
    refused,
  });

  return {
    async read(texts, draftId) {
      const before = draftId === undefined ? undefined : drafts.get(draftId);
      if (draftId !== undefined && before === undefined) throw new DoorstepError('ipc.refused');
      const found = readTexts(texts);
      const seeds = [...(before?.seeds ?? [])];
      for (const seed of found.seeds) if (!seeds.some((one) => sameKey(one.key, seed.key))) seeds.push(seed);
      if (seeds.length > MOST_ITEMS) throw new DoorstepError('seed.too-many', { most: MOST_ITEMS });
      const parts = [...(before?.parts ?? []), ...found.parts];
      const refused = [...new Set([...(before?.refused ?? []), ...found.refused])];
      return shown(hold(before?.id ?? randomBytes(16).toString('base64url'), { seeds, parts, refused }));
    },
    take(draftId, indexes) {
      const draft = drafts.get(draftId);
      const chosen = [...new Set(indexes)].map((index) => draft?.seeds[index]);
      if (draft === undefined || !chosen.every((seed) => seed !== undefined)) throw new DoorstepError('ipc.refused');
      return chosen;
    },
    drop,
    clear() {
      for (const id of [...drafts.keys()]) drop(id);
    },
  };
}

interface Found {
  readonly seeds: readonly Seed[];
  readonly parts: readonly MigrationPart[];
  readonly refused: readonly string[];
}

function readTexts(texts: readonly string[]): Found {
  const seeds: Seed[] = [];
  const parts: MigrationPart[] = [];
  const refused: string[] = [];
  let first: unknown = null;
  for (const text of texts) {
    try {
      if (isMigration(text)) {
        const part = parseMigration(text);
        parts.push(part);
        seeds.push(...part.seeds);
      } else {
        seeds.push(parseOtpauth(text));
      }
    } catch (error) {
      if (!(error instanceof DoorstepError)) throw error;
      first ??= error;
      if (isOtpauth(text)) refused.push(refusedWords(text, error));
    }
  }
  if (seeds.length === 0 && parts.length === 0) throw first ?? new DoorstepError('seed.malformed', { reason: 'link' });
  return { seeds, parts, refused: [...parts.flatMap((part) => part.refused), ...refused] };
}

/** What a link that cannot be kept is called, and why: never what stands behind its question mark. */
function refusedWords(link: string, error: DoorstepError): string {
  const label = /^otpauth:\/\/[^/]*\/([^?]*)/i.exec(link.trim())?.[1] ?? '';
  return `${shownName(unescapedOr(label))} (${error.detail['given'] ?? error.detail['reason'] ?? error.code})`.trim();
}

function unescapedOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Of the export that was read last: which of its parts were seen, counted from 1. */
function partsOf(parts: readonly MigrationPart[]): CodeDraft['parts'] {
  const last = parts.at(-1);
  if (last === undefined || last.of === 1) return null;
  const same = parts.filter((part) => part.batchId === last.batchId && part.of === last.of);
  return { seen: [...new Set(same.map(({ index }) => index + 1))].sort((a, b) => a - b), of: last.of };
}
