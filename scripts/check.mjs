/** `npm run check`: format, lint, fence, types a realm, svelte-check and the unit tests. */
import { setUp } from './setup.mjs';
import { close, runStatic, runVitest, STATIC } from './suites.mjs';
import { explain } from './system.mjs';

try {
  await setUp('test');
  for (const step of STATIC) runStatic(step);
  for (const project of ['unit', 'fence']) runVitest(project);
  process.exitCode = close();
} catch (error) {
  process.exitCode = explain(error);
}
