/** What the tray says and offers, as plain data made from the state. */
import type { AppState } from '../../contract/ipc.ts';

/** By shape: a knob, a filled disc, a mark, a dashed door. */
export type TrayLook = 'ready' | 'waiting' | 'needs-care' | 'offline';

export function trayLook(state: AppState): TrayLook {
  if (state.challenges.length > 0) return 'waiting';
  const keychainAils = state.keychain !== 'ready' && state.keychain !== 'checking';
  if (keychainAils || state.fault !== null || state.connection === 'removed' || state.connection === 'clock-wrong') return 'needs-care';
  if (state.pairing.state === 'none') return 'needs-care';
  return state.connection === 'offline' ? 'offline' : 'ready';
}

export type TrayItem =
  | { readonly kind: 'text'; readonly label: string }
  | { readonly kind: 'separator' }
  | { readonly kind: 'open'; readonly label: string }
  | { readonly kind: 'quit'; readonly label: string };

/** The tooltip, and the first line for a screen reader. */
export function trayTooltip(state: AppState): string {
  switch (trayLook(state)) {
    case 'waiting':
      return `Doorstep: ${waitingWords(state)}`;
    case 'needs-care':
      return 'Doorstep: something to mend';
    case 'offline':
      return 'Doorstep: no connection. Keys still work.';
    case 'ready':
      return 'Doorstep: ready';
  }
}

export function trayMenu(state: AppState): readonly TrayItem[] {
  const items: TrayItem[] = [];
  const first = state.challenges[0];
  if (first !== undefined) {
    items.push({ kind: 'text', label: waitingWords(state) });
    items.push({ kind: 'open', label: `Review: ${label(first.serviceName)} asks, is this you?` }, { kind: 'separator' });
  }
  for (const token of state.tokens) items.push({ kind: 'text', label: `${label(token.product)}: plugged in` });
  if (state.tokens.length === 0) items.push({ kind: 'text', label: 'No key is plugged in' });
  items.push({ kind: 'separator' }, { kind: 'open', label: 'Open Doorstep' }, { kind: 'quit', label: 'Quit' });
  return items;
}

function waitingWords(state: AppState): string {
  return state.challenges.length === 1 ? '1 request is waiting' : `${state.challenges.length} requests are waiting`;
}

const LONGEST_LABEL = 48;

/** Text from a token or a service, safe for a native menu: no control or direction signs, no mnemonics, not endless. */
function label(text: string): string {
  const plain = text
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .replaceAll('&', '&&')
    .trim();
  return plain.length > LONGEST_LABEL ? `${plain.slice(0, LONGEST_LABEL - 1)}…` : plain;
}
