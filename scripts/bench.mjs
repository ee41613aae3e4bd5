/** `npm run bench [-- NAME …] [-- --keep]`: runs the benches, prints their tables; `--keep` writes them to docs/performance.md. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { node, root, setUp } from './setup.mjs';
import { explain, SetUpError } from './system.mjs';

const page = path.join(root, 'docs', 'performance.md');
const BENCHES = readdirSync(path.join(root, 'bench'))
  .filter((file) => file.endsWith('.ts') && file !== 'table.ts')
  .map((file) => file.slice(0, -3));

function markdown({ title, note, rows }) {
  return [
    `### ${title}`,
    '',
    `${note}`,
    '',
    '| what | Doorstep | peer | ratio |',
    '|---|---|---|---|',
    ...rows.map(({ what, ours, peer, ratio }) => `| ${what} | ${ours} | ${peer} | ${ratio} |`),
    '',
  ].join('\n');
}

/** Each bench has its own place in the page, so that one can be measured anew alone. */
function keep(name, text) {
  const begin = `<!-- ${name}: begin -->`;
  const end = `<!-- ${name}: end -->`;
  const old = readFileSync(page, 'utf8');
  const block = `${begin}\n${text}${end}`;
  const found = old.indexOf(begin);
  writeFileSync(
    page,
    found < 0 ? `${old.trimEnd()}\n\n${block}\n` : old.slice(0, found) + block + old.slice(old.indexOf(end) + end.length),
  );
}

try {
  const words = process.argv.slice(2);
  const asked = words.filter((word) => !word.startsWith('--'));
  const unknown = asked.filter((name) => !BENCHES.includes(name));
  if (unknown.length > 0) throw new SetUpError(`there is no bench ${unknown.join(', ')}.`, `The benches are: ${BENCHES.join(', ')}.`);
  await setUp('bench');
  let failed = 0;
  for (const name of asked.length > 0 ? asked : BENCHES) {
    console.log(`\n=== ${name}`);
    const answer = spawnSync(node, [path.join(root, 'bench', `${name}.ts`), '--json'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1 << 26,
    });
    if (answer.status !== 0) {
      failed += 1;
      console.error(`The bench ${name} failed.\n${answer.stdout}`);
      continue;
    }
    const table = JSON.parse(answer.stdout.trim().split('\n').at(-1));
    const text = markdown({ ...table, note: `${table.note}. ${os.cpus()[0]?.model ?? 'unknown processor'}.` });
    console.log(text);
    if (words.includes('--keep')) keep(name, text);
  }
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  process.exitCode = explain(error);
}
