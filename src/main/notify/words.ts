/** What a notification says. Names come from services, people and browsers: text for the eye, never markup, never endless. */
import type { WaitingChallenge } from '../../contract/http/shapes.ts';

export interface NotificationWords {
  readonly summary: string;
  readonly body: string;
}

const LONGEST_NAME = 64;

/** About a waiting request. Never its number. */
export function requestWords(challenge: WaitingChallenge, person: string): NotificationWords {
  const where = challenge.place ?? challenge.asked?.browser ?? null;
  const who = [person, ...(where === null ? [] : [where])].map(plain).filter((part) => part !== '');
  const what = challenge.number === null ? 'Open it and touch your key.' : 'Open it to type the number.';
  return { summary: `${plain(challenge.serviceName)} asks: is this you?`, body: `${who.join(', ')}. ${what}` };
}

export function copiedWords(label: string): NotificationWords {
  return { summary: `Code for ${plain(label)} copied`, body: 'It is cleared in 30 seconds.' };
}

/**
 * One line, no control and no direction signs (a name must not turn the text around it), nothing that a server would
 * make a link of, no longer than fits.
 */
export function plain(text: string): string {
  const clean = text
    .replace(/[\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu, '')
    .replace(/(?=:\/\/)|(?<=www)(?=\.)|(?<=mailto)(?=:)/gi, ' ')
    .trim();
  const letters = [...clean];
  return letters.length > LONGEST_NAME ? `${letters.slice(0, LONGEST_NAME - 1).join('')}…` : clean;
}

/** For a server that reads markup in a body (Desktop Notifications Specification 1.2, "Markup"). */
export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
