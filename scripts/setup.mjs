/**
 * Brings a fresh clone to where it can run: Debian packages, npm packages (a supported Node among them),
 * the Electron runtime, the built windows and pages. Each step is skipped when nothing changed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages, packageState } from './debian-packages.mjs';
import './old-node.cjs';
import { runSaying } from './progress.mjs';
import { explain, fingerprint, hasDisplay, ordinaryUser, SetUpError, ToldError } from './system.mjs';

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

async function installNpmPackages(say) {
  say('about 240 MB the first time');
  const answer = await runSaying('npm', ['ci', '--loglevel=error'], { cwd: root, env: withoutNpm(), say });
  if (answer.status === 0) return;
  if (answer.error?.code === 'ENOENT') throw new SetUpError('there is no npm.', 'Install npm, then try again.');
  throw new SetUpError(
    'the npm packages could not be installed.',
    `Check the network and the npm registry, then try again. npm said:\n${(answer.stderr || answer.stdout || String(answer.error)).slice(0, 3000)}`,
  );
}

/** A step of Doorstep's own: it says itself what it does, and why it could not. */
function runStep(script) {
  if (spawnSync(node, [path.join('scripts', script)], { cwd: root, stdio: 'inherit', env: withoutNpm() }).status !== 0)
    throw new ToldError();
}

/** A clone that belongs to somebody else can be run where nothing is left to do, and no more. */
function requireWritable() {
  for (const folder of [root, path.dirname(stampFile)].filter((entry) => existsSync(entry))) {
    try {
      accessSync(folder, constants.W_OK);
    } catch {
      throw new SetUpError(
        `${folder} cannot be written by you.`,
        'Clone the project into a folder of your own, or run this as the person whose clone it is.',
      );
    }
  }
}

/** npm run hands its settings down in the environment; a second npm inside would take them for its own. */
function withoutNpm() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (/^npm_(config_(local_prefix|prefix|noproxy)|lifecycle|package)/.test(name)) delete env[name];
  return env;
}

/**
 * @param {'start' | 'test' | 'bench'} purpose
 * @returns {Promise<{ electron: string }>} the runtime's path
 */
export async function setUp(purpose, say = (line) => console.log(line)) {
  process.umask(0o022);
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
      run: () => installNpmPackages((line) => say(`  ${line}`)),
    },
    {
      name: 'the Electron runtime',
      key: 'runtime',
      state: () =>
        existsSync(path.join(root, '.doorstep', 'runtime', 'chosen')) && existsSync(runtimePath())
          ? hash(fingerprint(root, ['scripts/runtime.mjs', 'node_modules/electron/package.json']))
          : 'missing',
      run: () => runStep('runtime.mjs'),
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
      run: () => runStep('build.mjs'),
    },
  ];

  const due = steps.filter((step) => stamps[step.key] !== step.state());
  if (due.length > 0) {
    say('Doorstep is setting itself up. The first time takes a few minutes.');
    requireWritable();
  }
  for (const [index, step] of due.entries()) {
    say(`[${index + 1}/${due.length}] ${step.name}`);
    await step.run();
    stamps[step.key] = step.state();
    mkdirSync(path.dirname(stampFile), { recursive: true });
    writeFileSync(stampFile, JSON.stringify(stamps, null, 2));
  }
  ordinaryUser();
  return { electron: runtimePath() };
}

export function runtimePath() {
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
    await setUp(purpose);
    console.log('Doorstep is set up.');
  } catch (error) {
    process.exitCode = explain(error);
  }
}
