/** Things that the person is told once, and never again once they have read them. */
import type { Notice } from '../../contract/ipc.ts';
import type { SettingsStore } from './settings.ts';
import type { StateStore } from './state-store.ts';

export type OnceKind = Exclude<Notice['kind'], 'change-refused'>;

export interface Notices {
  /** Shows the notice unless it was dismissed in this data folder before. */
  once(kind: OnceKind): void;
  /** What the notice said holds no more. */
  over(kind: OnceKind): void;
  dismiss(id: string): void;
}

export interface NoticesOptions {
  readonly store: StateStore;
  readonly settings: SettingsStore;
  /** Dismisses a refused change, which is not kept here. */
  readonly onDismissed: (id: string) => void;
}

export function createNotices({ store, settings, onDismissed }: NoticesOptions): Notices {
  const drop = (id: string) => {
    const left = store.get().notices.filter((notice) => notice.id !== id);
    if (left.length !== store.get().notices.length) store.change({ notices: left });
  };
  return {
    once(kind) {
      const { notices } = store.get();
      if (settings.get().told.includes(kind) || notices.some((notice) => notice.id === kind)) return;
      store.change({ notices: [...notices, { id: kind, kind, code: null, about: null }] });
    },
    over: drop,
    dismiss(id) {
      const notice = store.get().notices.find((each) => each.id === id);
      if (notice === undefined) return;
      if (notice.kind === 'change-refused') {
        onDismissed(id);
        return;
      }
      drop(id);
      settings.change({ told: [...settings.get().told, notice.kind] });
    },
  };
}
