/**
 * Brings a fresh clone to where it can run: Debian packages, npm packages (a supported Node among them),
 * the Electron runtime, the built windows and pages. Each step is skipped when nothing changed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages, explain, fingerprint, hasDisplay, ordinaryUser, packageState, SetUpError } from './system.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const node = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const stampFile = path.join(root, '.doorstep', 'stamps.json');

const hash = (text) => createHash('sha256').update(text).digest('hex');

function readStamps() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

function quietly(command, args, cause, remedy) {
  const answer = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, env: withoutNpm() });
  if (answer.status === 0) return;
  throw new SetUpError(cause, `${remedy} It said:\n${(answer.stderr || answer.stdout || String(answer.error)).slice(-3000)}`);
}

function shown(command, args, cause, remedy) {
  const answer = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: withoutNpm() });
  if (answer.status !== 0) throw new SetUpError(cause, remedy);
}

/** npm run hands its settings down in the environment; a second npm inside would take them for its own. */
function withoutNpm() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (/^npm_(config_(local_prefix|prefix|noproxy)|lifecycle|package)/.test(name)) delete env[name];
  return env;
}

/**
 * @param {'start' | 'test' | 'bench'} purpose
 * @returns {{ electron: string }} the runtime's path
 */
export function setUp(purpose, say = (line) => console.log(line)) {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20)
    throw new SetUpError(
      `this is Node ${process.versions.node}.`,
      'Install Node 20 or newer, then try again. Doorstep brings the Node that it runs on itself.',
    );

  process.umask(0o022);
  mkdirSync(path.dirname(stampFile), { recursive: true });
  const stamps = readStamps();
  const groups = { start: hasDisplay() ? ['app'] : ['app', 'headless'], test: ['app', 'headless', 'test'] };
  groups.bench = [...groups.test, 'bench'];
  const wanted = groups[purpose];
  const steps = [
    {
      name: 'Debian packages',
      key: `packages-${wanted.join('-')}`,
      state: () => packageState(),
      run: () => ensurePackages(wanted, (line) => say(`  ${line}`)),
    },
    {
      name: 'npm packages, with the Node that Doorstep runs on',
      key: 'npm',
      state: () => (existsSync(node) ? hash(readFileSync(path.join(root, 'package-lock.json'))) : 'missing'),
      run: () =>
        quietly(
          'npm',
          ['ci', '--loglevel=error'],
          'the npm packages could not be installed.',
          'Check the network and the npm registry, then try again.',
        ),
    },
    {
      name: 'the Electron runtime',
      key: 'runtime',
      state: () =>
        existsSync(path.join(root, '.doorstep', 'runtime', 'chosen')) && existsSync(runtimePath())
          ? hash(fingerprint(root, ['scripts/runtime.mjs', 'node_modules/electron/package.json']))
          : 'missing',
      run: () => shown(node, ['scripts/runtime.mjs'], 'the Electron runtime could not be prepared.', 'The lines above say why.'),
    },
    {
      name: 'the windows and pages',
      key: 'build',
      state: () =>
        existsSync(path.join(root, 'dist', 'main', 'index.cjs'))
          ? hash(
              fingerprint(root, [
                'src/contract',
                'src/device',
                'src/main',
                'src/oath',
                'src/preload',
                'src/renderer',
                'scripts/build.mjs',
                'package-lock.json',
              ]),
            )
          : 'missing',
      run: () => shown(node, ['scripts/build.mjs'], 'the windows and pages could not be built.', 'The lines above say why.'),
    },
  ];

  const due = steps.filter((step) => stamps[step.key] !== step.state());
  if (due.length > 0) say('Doorstep is setting itself up. The first time takes a few minutes.');
  for (const [index, step] of due.entries()) {
    say(`[${index + 1}/${due.length}] ${step.name}`);
    step.run();
    stamps[step.key] = step.state();
    writeFileSync(stampFile, JSON.stringify(stamps, null, 2));
  }
  ordinaryUser();
  return { electron: runtimePath() };
}

function runtimePath() {
  return readFileSync(path.join(root, '.doorstep', 'runtime', 'chosen'), 'utf8').trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const [purpose = 'start', ...rest] = process.argv.slice(2);
    if (!['start', 'test', 'bench'].includes(purpose) || rest.length > 0)
      throw new SetUpError(
        `it does not know the words ${JSON.stringify(process.argv.slice(2).join(' '))}.`,
        'Usage: npm run setup [-- start | test | bench]',
      );
    setUp(purpose);
    console.log('Doorstep is set up.');
  } catch (error) {
    process.exitCode = explain(error);
  }
}
