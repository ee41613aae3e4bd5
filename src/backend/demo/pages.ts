import type { Challenge, Problem } from '../../contract/http/shapes.ts';

/** HTML whose parts have been escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes whatever is put in, unless it is HTML already. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const text = parts.map((part, index) => part + shown(values[index])).join('');
  return new Html(text);
}

function shown(value: string | Html | readonly Html[] | undefined): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
  return value.map((one) => one.text).join('');
}

export function page(title: string, organization: string, main: Html, head: Html = html``): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/demo.css">
${head}
</head>
<body>
<div class="page">
<header><span class="crest" aria-hidden="true">${organization.slice(0, 1)}</span><span>${organization}</span><span class="tag">Demonstration</span></header>
<main class="card">
<h1>${title}</h1>
${main}
</main>
</div>
</body>
</html>
`.text;
}

export function homePage(organization: string, person: { username: string; displayName: string }): string {
  return page(
    'Library and VPN',
    organization,
    html`<p>Two services that ask Doorstep for a second step. They know their own key for its API, and nothing of your passwords or keys.</p>
<section aria-labelledby="library"><h2 id="library">Library</h2>
<p class="quiet">Sends you to the sign-in page and checks the answer when you come back.</p>
<form method="post" action="/sign-in"><button class="btn primary" type="submit">Sign in</button></form></section>
<section aria-labelledby="vpn"><h2 id="vpn">VPN</h2>
<p class="quiet">Asks ${person.displayName}. The request waits in the Doorstep app.</p>
<form method="post" action="/vpn"><button class="btn" type="submit">Connect the VPN as ${person.username}</button></form></section>`,
  );
}

export interface Waiting {
  readonly challenge: Challenge;
  readonly username: string;
  /** What the person types into the desktop; null where no desktop may approve. */
  readonly number: string | null;
  /** What was wrong with the code that was typed last; null: none was. */
  readonly wrong: Pick<Problem, 'title' | 'detail'> | null;
}

export function waitingPage(organization: string, { challenge, username, number, wrong }: Waiting): string {
  const told =
    number === null
      ? html`Open Doorstep and touch the key.`
      : html`Open Doorstep, then touch the key there or type this number: <strong class="number">${number}</strong>`;
  return page(
    'Waiting for the answer',
    organization,
    html`<p id="wait" role="status" data-challenge="${challenge.id}">The VPN asks whether this is really ${username}. ${told}</p>
${wrong === null ? html`` : html`<p role="alert">${wrong.title} ${wrong.detail}</p>`}
<form method="post" action="/vpn/${challenge.id}/code"><label for="code">Or type a code</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="64" required><button class="btn" type="submit">Use the code</button></form>
<p class="quiet">The request ends at <time datetime="${challenge.expiresAt}">${clock(challenge.expiresAt)}</time> UTC.</p>
<p><a href="/vpn/${challenge.id}">Look again</a></p>`,
    html`<script src="/demo.js" type="module"></script><noscript><meta http-equiv="refresh" content="20"></noscript>`,
  );
}

function clock(instant: string): string {
  return instant.slice(11, 16);
}

const ENDINGS: Readonly<Record<Exclude<Challenge['state'], 'approved'>, string>> = {
  pending: 'The second step is not finished yet.',
  denied: 'It was denied. Nobody was let in.',
  expired: 'No answer came in time. Nobody was let in.',
  canceled: 'It was taken back. Nobody was let in.',
};

export function resultPage(organization: string, service: string, challenge: Challenge): string {
  const { state, result } = challenge;
  if (state !== 'approved' || result === null) {
    const text = state === 'approved' ? ENDINGS.pending : ENDINGS[state];
    return page(
      `${service}: not signed in`,
      organization,
      html`<p data-state="${state}">${text}</p><p><a class="btn" href="/">Back</a></p>`,
    );
  }
  const rows: readonly (readonly [string, string])[] = [
    ['Person', `${result.person.displayName} (${result.person.username})`],
    ['Assurance', result.assurance],
    ['Methods', result.amr.join(', ')],
    ['PIN or fingerprint', result.userVerified ? 'yes' : 'no'],
  ];
  return page(
    `${service}: you are signed in`,
    organization,
    html`<p data-state="approved">${result.person.displayName} is signed in.</p>
<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<p><a class="btn" href="/">Back</a></p>`,
  );
}

export function problemPage(organization: string, problem: Pick<Problem, 'title' | 'detail'>): string {
  return page(
    'That did not work',
    organization,
    html`<p role="alert">${problem.title} ${problem.detail}</p><p><a class="btn" href="/">Back</a></p>`,
  );
}
