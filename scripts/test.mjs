/** `npm test`: sets up, then proves everything. `node scripts/test.mjs SUITE …` runs some of it. */
import { setUp } from './setup.mjs';
import { close, runPlaywright, runStatic, runVitest, STATIC, VITEST } from './suites.mjs';
import { explain, SetUpError } from './system.mjs';

const SUITES = ['static', ...VITEST, 'pages', 'app', 'kill-app'];

try {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !SUITES.includes(name));
  if (unknown.length > 0) throw new SetUpError(`there is no suite ${unknown.join(', ')}.`, `The suites are: ${SUITES.join(', ')}.`);
  const { electron } = await setUp('test');
  for (const suite of asked.length > 0 ? asked : SUITES) {
    console.log(`\n=== ${suite}`);
    if (suite === 'static') for (const step of STATIC) runStatic(step);
    else if (VITEST.includes(suite)) runVitest(suite);
    else await runPlaywright(suite, electron);
  }
  process.exitCode = close();
} catch (error) {
  process.exitCode = explain(error);
}
