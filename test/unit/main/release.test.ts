import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const folders: string[] = [];

/** The two programs, bundled as `scripts/build.mjs` does it. */
async function bundle(release: boolean): Promise<string> {
  const { build } = await import('vite');
  const outDir = mkdtempSync(join(tmpdir(), 'doorstep-bundle-'));
  folders.push(outDir);
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    define: { __RELEASE__: JSON.stringify(release) },
    ssr: { noExternal: true, target: 'node' },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'node20.18',
      minify: false,
      ssr: true,
      rollupOptions: {
        input: { index: join(root, 'src/main/index.ts'), 'token-process': join(root, 'src/main/tokens/process.ts') },
        external: [/^node:/, 'electron', 'node-hid', '@github/keytar'],
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' },
      },
    },
  });
  return readdirSync(outDir)
    .filter((name) => name.endsWith('.cjs'))
    .map((name) => readFileSync(join(outDir, name), 'utf8'))
    .join('\n');
}

let fromSource = '';
let released = '';
beforeAll(async () => {
  fromSource = await bundle(false);
  released = await bundle(true);
}, 60_000);
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test.each(['function connectPracticeKey', 'function practiceSource', 'Doorstep practice key'])('a release does not hold: %s', (text) => {
  expect(fromSource).toContain(text);
  expect(released).not.toContain(text);
});
