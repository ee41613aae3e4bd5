/** Runs the steps of `npm run check` and `npm test`, counts what passed and failed, and says so in one last line. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { node, root } from './setup.mjs';
import { asOrdinaryUser, isRoot, openProject, ordinaryEnvironment, ordinaryUser, privateFolder, startVirtualDisplay } from './system.mjs';

const bin = (...parts) => path.join(root, 'node_modules', ...parts);
const tsc = (realm) => ({ name: `types: ${realm}`, command: [bin('typescript', 'bin', 'tsc'), '-p', `tsconfig.${realm}.json`] });

/** A step that either holds or does not. */
export const STATIC = [
  { name: 'format and lint', command: [bin('@biomejs', 'biome', 'bin', 'biome'), 'ci', '.', '--error-on-warnings'] },
  tsc('pure'),
  tsc('node'),
  tsc('dom'),
  tsc('floor'),
  tsc('test'),
  { name: 'svelte-check', command: [bin('svelte-check', 'bin', 'svelte-check'), '--tsconfig', 'tsconfig.dom.json', '--fail-on-warnings'] },
  {
    name: 'fence',
    command: [
      bin('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
      'src',
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err',
    ],
  },
];

export const VITEST = ['unit', 'fence', 'model', 'setup', 'contract', 'kill', 'peers', 'kernel'];

const total = { passed: 0, failed: 0, failures: [], causes: [] };

function record(name, passed, failed, seconds) {
  total.passed += passed;
  total.failed += failed;
  if (failed > 0) total.failures.push(name);
  console.log(`${failed === 0 ? 'ok    ' : 'FAILED'} ${name}: ${passed} passed, ${failed} failed (${seconds.toFixed(0)} s)`);
}

function timed(action) {
  const begin = performance.now();
  const result = action();
  return { ...result, seconds: (performance.now() - begin) / 1000 };
}

export function runStatic(step) {
  const { status, seconds, stdout, stderr } = timed(() =>
    spawnSync(node, step.command, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }),
  );
  if (status !== 0) process.stdout.write(stdout + stderr);
  record(step.name, status === 0 ? 1 : 0, status === 0 ? 0 : 1, seconds);
}

/** A runner that ended without a report has failed, whatever it printed. */
function fromReport(name, status, seconds, file, read) {
  if (!existsSync(file)) return record(name, 0, 1, seconds);
  const { passed, failed, causes } = read(JSON.parse(readFileSync(file, 'utf8')));
  total.causes.push(...causes);
  const hidden = status !== 0 && failed === 0 ? 1 : 0;
  const none = passed + failed === 0 ? 1 : 0;
  record(name, passed, failed + Math.max(hidden, none), seconds);
}

export function runVitest(project) {
  const reports = path.join(root, '.doorstep', 'reports');
  mkdirSync(reports, { recursive: true });
  const report = path.join(reports, `${project}.json`);
  rmSync(report, { force: true });
  const { status, seconds } = timed(() =>
    spawnSync(
      node,
      [bin('vitest', 'vitest.mjs'), 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      {
        cwd: root,
        stdio: 'inherit',
        env: { ...process.env, CI: 'true', NO_COLOR: '1', PATH: `${path.join(root, 'node_modules', '.bin')}:${process.env.PATH}` },
      },
    ),
  );
  fromReport(project, status, seconds, report, (json) => ({
    passed: json.numPassedTests,
    failed: json.numFailedTests + json.numPendingTests + json.numTodoTests,
    causes: json.testResults.flatMap(({ name: testFile, message, assertionResults }) => [
      ...(message ? [cause(path.relative(root, testFile), '', message)] : []),
      ...assertionResults
        .filter(({ status: how }) => how !== 'passed')
        .map(({ fullName, failureMessages }) => cause(path.relative(root, testFile), fullName, failureMessages[0] ?? 'It was not run.')),
    ]),
  }));
}

/** Where, which, and the beginning of why, in one line: the whole is above, where the suite ran. */
function cause(file, name, message = '') {
  const [first = ''] = stripVTControlCharacters(message).split('\n    at ');
  return `  ${file}${name && `: ${name}`}\n    ${first.replace(/\s+/g, ' ').slice(0, 400)}`;
}

/** Playwright's report is a tree of describes. */
function specsOf({ specs = [], suites = [] }) {
  return [...specs, ...suites.flatMap(specsOf)];
}

/**
 * Playwright, as the ordinary user and on a display of its own: Electron and Chromium keep their sandbox.
 * A skipped or flaky test counts as failed.
 */
export async function runPlaywright(project, electron) {
  const user = ordinaryUser();
  const opened = openProject(root, user);
  const display = await startVirtualDisplay();
  const scratch = privateFolder(user, 'doorstep-test-');
  const results = path.join(root, 'test-results');
  mkdirSync(results, { recursive: true });
  // A run as root may have left pictures that the ordinary user cannot write over.
  if (isRoot) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, results]);
  const report = path.join(scratch.folder, 'report.json');
  const shown = (file) => path.join(opened.root, path.relative(root, file));
  const command = opened.wrap(
    asOrdinaryUser(user, [
      shown(node),
      shown(bin('@playwright', 'test', 'cli.js')),
      'test',
      '--config',
      shown(path.join(root, 'playwright.config.ts')),
      '--project',
      project,
    ]),
  );
  try {
    const env = {
      ...ordinaryEnvironment(user),
      CI: 'true',
      NO_COLOR: '1',
      DISPLAY: display.display,
      TMPDIR: scratch.folder,
      DOORSTEP_ELECTRON: shown(electron),
      PLAYWRIGHT_JSON_OUTPUT_FILE: report,
    };
    env.PATH = `${path.join(opened.root, 'node_modules', '.bin')}:${env.PATH}`;
    const { status, seconds } = timed(() => spawnSync(command[0], command.slice(1), { cwd: root, stdio: 'inherit', env }));
    fromReport(`e2e ${project}`, status, seconds, report, ({ stats, errors, suites }) => ({
      passed: stats.expected,
      failed: stats.unexpected + stats.flaky + stats.skipped + (errors.length > 0 && stats.unexpected === 0 ? 1 : 0),
      causes: [
        ...errors.map(({ message }) => cause(project, '', message)),
        ...specsOf({ suites })
          .filter(({ ok }) => !ok)
          .map(({ file, title, tests }) => cause(file, title, tests.flatMap(({ results: tries }) => tries)[0]?.error?.message)),
      ],
    }));
  } finally {
    display.stop();
    scratch.remove();
  }
}

/** Prints the one closing line. @returns the exit code */
export function close() {
  if (total.failures.length > 0) console.log(['', `Failed: ${total.failures.join(', ')}`, ...total.causes].join('\n'));
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}
