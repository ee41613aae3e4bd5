/** Writes docs/errors.md from the table of error codes. Run with: node scripts/errors-page.mjs */
import { writeFileSync } from 'node:fs';
import { ERRORS } from '../src/contract/errors.ts';

const rows = Object.entries(ERRORS).map(([code, { status, title, remedy }]) => `| \`${code}\` | ${status || ''} | ${title} | ${remedy} |`);
writeFileSync(
  new URL('../docs/errors.md', import.meta.url),
  `# Error codes

A failure that crosses a process boundary has one of these codes. The code is stable, the words may change. Over HTTP it is a problem details answer (RFC 9457) with the status below; where the status is empty, the failure belongs to this computer and never travels over HTTP. The table is written from \`src/contract/errors.ts\` by \`scripts/errors-page.mjs\`, and a test compares the two.

| code | HTTP | cause | remedy |
|---|---|---|---|
${rows.join('\n')}
`,
);
