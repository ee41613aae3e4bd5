/** Builds what a browser or Electron loads: the main process with its token and picture processes, preload, the app's windows, the web pages. */
import { copyFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const source = (...parts) => path.join(root, 'src', ...parts);
const release = process.argv.includes('--release');

/** The oldest runtime that the project is run on: Electron 33 (Chromium 130, Node 20.18). */
const CHROMIUM = 'chrome130';
const ELECTRON_NODE = 'node20.18';

const common = { root, configFile: false, logLevel: 'warn' };

function electronCode(name, entries) {
  return build({
    ...common,
    // A packaged app has no door for the practice key: its code is not even in it.
    define: { __RELEASE__: JSON.stringify(release) },
    build: {
      outDir: path.join(root, 'dist', name),
      emptyOutDir: true,
      target: ELECTRON_NODE,
      minify: release,
      sourcemap: !release,
      ssr: true,
      rollupOptions: {
        input: entries,
        external: [/^node:/, 'electron', 'node-hid', '@github/keytar'],
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' },
      },
    },
    ssr: { noExternal: true, target: 'node' },
  });
}

function pages(name, folder, base) {
  const entries = readdirSync(folder).filter((file) => file.endsWith('.html'));
  return build({
    ...common,
    root: folder,
    base,
    plugins: [svelte({ configFile: false, compilerOptions: { css: 'external' }, emitCss: true })],
    build: {
      outDir: path.join(root, 'dist', name),
      emptyOutDir: true,
      target: CHROMIUM,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      sourcemap: false,
      rollupOptions: { input: Object.fromEntries(entries.map((file) => [path.basename(file, '.html'), path.join(folder, file)])) },
    },
  });
}

async function mainProcess() {
  await electronCode('main', {
    index: source('main', 'index.ts'),
    'token-process': source('main', 'tokens', 'process.ts'),
    'picture-process': source('main', 'codes', 'pictures', 'process.ts'),
  });
  const wasm = path.join('node_modules', 'zxing-wasm', 'dist', 'reader', 'zxing_reader.wasm');
  copyFileSync(path.join(root, wasm), path.join(root, 'dist', 'main', path.basename(wasm)));
}

const steps = [
  ['main process and its helpers', mainProcess],
  ['preload', () => electronCode('preload', { index: source('preload', 'index.ts') })],
  ['windows of the app', () => pages('app', source('renderer', 'app'), './')],
  ['web pages', () => pages('web', source('renderer', 'web'), '/')],
];

const only = process.argv.slice(2).filter((word) => !word.startsWith('--'));
for (const [name, step] of steps) {
  if (only.length > 0 && !only.some((word) => name.includes(word))) continue;
  console.log(`  building ${name}`);
  await step();
}
