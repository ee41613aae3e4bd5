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

export type TrayScreen = NonNullable<AppState['goTo']>['screen'];
export type TrayItem =
  | { readonly kind: 'text'; readonly label: string }
  | { readonly kind: 'separator' }
  | { readonly kind: 'review'; readonly label: string; readonly id: string }
  /** Puts the code on the clipboard. */
  | { readonly kind: 'copy'; readonly label: string; readonly id: string; readonly about: string }
  /** Opens the main window at a screen. */
  | { readonly kind: 'open'; readonly label: string; readonly screen: TrayScreen | null }
  | { readonly kind: 'quit'; readonly label: string };

/** The tooltip, and the first line for a screen reader. */
export function trayTooltip(state: AppState): string {
  switch (trayLook(state)) {
    case 'waiting':
      return `Doorstep: ${waitingWords(state)}`;
    case 'needs-care':
      return `Doorstep: ${careWords(state)}`;
    case 'offline':
      return 'Doorstep: no connection. Codes and keys still work.';
    case 'ready':
      return 'Doorstep: ready';
  }
}

/** As many codes as fit without hiding what stands below them. */
const MOST_CODES = 5;
const MOST_REQUESTS = 5;

export function trayMenu(state: AppState): readonly TrayItem[] {
  const items: TrayItem[] = [];
  if (state.challenges.length > 0) {
    items.push({ kind: 'text', label: waitingWords(state) });
    for (const { id, serviceName } of state.challenges.slice(0, MOST_REQUESTS)) {
      items.push({ kind: 'review', id, label: `Review: ${label(serviceName)} asks, is this you?` });
    }
    items.push({ kind: 'separator' });
  }
  // The next code of a token that counts is taken on purpose, in the window.
  const codes = state.codes.filter((code) => code.state === 'ready' && code.kind === 'totp').slice(0, MOST_CODES);
  for (const code of codes) {
    const about = codeName(code);
    items.push({ kind: 'copy', id: code.id, about, label: `Copy code: ${label(about)}` });
  }
  items.push({ kind: 'open', screen: 'codes', label: 'All codes…' }, { kind: 'separator' });
  const tokens = state.tokens.map((token) => `${label(tokenName(state, token.id, token.product))}: plugged in`);
  for (const line of tokens.length > 0 ? tokens : ['No key is plugged in']) items.push({ kind: 'text', label: line });
  items.push({ kind: 'open', screen: 'keys', label: 'I lost a key…' }, { kind: 'separator' });
  const trouble = keychainWords(state);
  if (trouble !== null) items.push({ kind: 'open', screen: 'home', label: trouble });
  items.push(
    { kind: 'open', screen: null, label: 'Open Doorstep' },
    { kind: 'open', screen: 'settings', label: 'Settings…' },
    { kind: 'quit', label: 'Quit' },
  );
  return items;
}

/** What the person calls it, else who wants it, else for whom it is. */
function codeName({ name, issuer, account }: AppState['codes'][number]): string {
  return [name, issuer, account].find((part) => part !== '') ?? '';
}

/** The person's own name for the key, where the key says which of theirs it is. */
function tokenName({ recognized, authenticators }: AppState, tokenId: string, product: string): string {
  return authenticators.find(({ id }) => id === recognized[tokenId])?.name ?? product;
}

function keychainWords({ keychain }: AppState): string | null {
  switch (keychain) {
    case 'checking':
    case 'ready':
      return null;
    case 'absent':
      return 'No keychain found…';
    case 'locked':
    case 'dismissed':
      return 'The keychain is locked…';
    case 'failed':
      return 'The keychain gave an error…';
  }
}

function careWords(state: AppState): string {
  const keychain = keychainWords(state);
  if (keychain !== null) return keychain.slice(0, -1).toLowerCase();
  if (state.connection === 'removed') return 'this computer was removed';
  if (state.connection === 'clock-wrong') return 'the clock of this computer is wrong';
  return state.pairing.state === 'none' ? 'this computer is not connected yet' : 'something to mend';
}

function waitingWords(state: AppState): string {
  return state.challenges.length === 1 ? '1 request is waiting' : `${state.challenges.length} requests are waiting`;
}

const LONGEST_LABEL = 48;

/** Text from a token or a service, safe for a native menu: no control or direction signs, no mnemonics, not endless. */
function label(text: string): string {
  const plain = [...text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim()];
  const short = plain.length > LONGEST_LABEL ? `${plain.slice(0, LONGEST_LABEL - 1).join('')}…` : plain.join('');
  return short.replaceAll('&', '&&');
}
