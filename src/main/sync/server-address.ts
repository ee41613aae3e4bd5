/** Which addresses of a backend the app talks to. */
import { DoorstepError } from '../../contract/errors.ts';

/**
 * The origin of a backend, such as `https://id.northmoor.example`. Takes what a person types: a missing
 * scheme is https, a path is dropped only where it is `/`. Plain HTTP is for this computer alone.
 *
 * @throws DoorstepError backend.not-trusted
 */
export function parseServer(text: string): string {
  const trimmed = text.trim();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch (cause) {
    throw new DoorstepError('backend.not-trusted', {}, { cause });
  }
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  const bare = url.username === '' && url.password === '' && url.pathname === '/' && url.search === '' && url.hash === '';
  if (!safe || !bare) throw new DoorstepError('backend.not-trusted');
  return url.origin;
}

/** `hostname` as the URL parser writes it. The name `localhost` never leaves the computer (RFC 6761, 6.3). */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/** The origin where the text is a trusted address; else the text as it is, for a person to read and mend. */
export function originOrText(text: string): string {
  try {
    return parseServer(text);
  } catch {
    return text;
  }
}

/** The page where a pairing code is made, and nothing else of the backend, may be opened in the person's browser. */
export function pagesOf(server: string): readonly string[] {
  if (!URL.canParse(server)) return [];
  const { protocol, hostname } = new URL(server);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) return [];
  return ['/security', '/help', '/accessibility'].map((path) => `${server}${path}`);
}
