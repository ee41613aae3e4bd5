import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: IForbiddenRuleType[]; options: object };

/** One violation a rule: the file that breaks it, and what it imports. */
const VIOLATIONS: Record<string, { from: string; imports: string; also?: Record<string, string> }> = {
  'no-cycles': { from: 'src/contract/a.ts', imports: './b.ts', also: { 'src/contract/b.ts': "import './a.ts';" } },
  'src-never-imports-test': { from: 'src/main/a.ts', imports: '../../test/b.ts', also: { 'test/b.ts': 'export {};' } },
  'contract-is-pure': { from: 'src/contract/a.ts', imports: 'node:fs' },
  'windows-know-no-node': { from: 'src/renderer/app/a.ts', imports: 'node:fs' },
  'room-contract': { from: 'src/contract/a.ts', imports: '../oath/b.ts', also: { 'src/oath/b.ts': 'export {};' } },
  'room-oath': { from: 'src/oath/a.ts', imports: '../device/b.ts', also: { 'src/device/b.ts': 'export {};' } },
  'room-device': { from: 'src/device/a.ts', imports: '../main/b.ts', also: { 'src/main/b.ts': 'export {};' } },
  'room-backend': { from: 'src/backend/a.ts', imports: '../device/b.ts', also: { 'src/device/b.ts': 'export {};' } },
  'room-main': { from: 'src/main/a.ts', imports: '../backend/b.ts', also: { 'src/backend/b.ts': 'export {};' } },
  'room-preload': { from: 'src/preload/a.ts', imports: '../main/b.ts', also: { 'src/main/b.ts': 'export {};' } },
  'room-renderer': { from: 'src/renderer/a.ts', imports: '../main/b.ts', also: { 'src/main/b.ts': 'export {};' } },
  'room-cli': { from: 'src/cli/a.ts', imports: '../backend/b.ts', also: { 'src/backend/b.ts': 'export {};' } },
  'package-node-hid': { from: 'src/device/session/a.ts', imports: 'node-hid' },
  'package-tldts': { from: 'src/device/hid/a.ts', imports: 'tldts' },
  'package-electron': { from: 'src/device/hid/a.ts', imports: 'electron' },
  'package-github-keytar': { from: 'src/main/app/a.ts', imports: '@github/keytar' },
  'package-jellybrick-dbus-next': { from: 'src/main/app/a.ts', imports: '@jellybrick/dbus-next' },
  'package-zxing-wasm': { from: 'src/main/app/a.ts', imports: 'zxing-wasm/reader' },
  'package-kysely': { from: 'src/backend/domain/a.ts', imports: 'kysely' },
  'package-pg': { from: 'src/backend/http/a.ts', imports: 'pg' },
  'package-better-sqlite3': { from: 'src/main/app/a.ts', imports: 'better-sqlite3' },
  'package-node-rs-argon2': { from: 'src/main/app/a.ts', imports: '@node-rs/argon2' },
  'package-simplewebauthn-server': { from: 'src/main/app/a.ts', imports: '@simplewebauthn/server' },
  'package-fastify': { from: 'src/backend/domain/a.ts', imports: 'fastify' },
  'package-fastify-a-z': { from: 'src/backend/domain/a.ts', imports: '@fastify/cookie' },
  'package-pino': { from: 'src/backend/domain/a.ts', imports: 'pino' },
  'package-svelte': { from: 'src/main/app/a.ts', imports: 'svelte' },
  'package-simplewebauthn-browser': { from: 'src/renderer/app/a.ts', imports: '@simplewebauthn/browser' },
  'package-qr': { from: 'src/renderer/app/a.ts', imports: 'qr' },
  'package-typebox': { from: 'src/device/a.ts', imports: 'typebox' },
  'package-jose': { from: 'src/device/a.ts', imports: 'jose' },
  'rung-hid': { from: 'src/device/hid/a.ts', imports: '../ctaphid/b.ts', also: { 'src/device/ctaphid/b.ts': 'export {};' } },
  'rung-ctaphid': { from: 'src/device/ctaphid/a.ts', imports: '../hid/b.ts', also: { 'src/device/hid/b.ts': 'export {};' } },
  'rung-ctap1': { from: 'src/device/ctap1/a.ts', imports: '../ctaphid/b.ts', also: { 'src/device/ctaphid/b.ts': 'export {};' } },
  'rung-ctap2': { from: 'src/device/ctap2/a.ts', imports: '../hid/b.ts', also: { 'src/device/hid/b.ts': 'export {};' } },
  'rung-otp': { from: 'src/device/otp/a.ts', imports: '../ctap2/b.ts', also: { 'src/device/ctap2/b.ts': 'export {};' } },
  'rung-session': { from: 'src/device/session/a.ts', imports: '../hid/b.ts', also: { 'src/device/hid/b.ts': 'export {};' } },
  'backend-domain-knows-no-store': {
    from: 'src/backend/domain/a.ts',
    imports: '../store/b.ts',
    also: { 'src/backend/store/b.ts': 'export {};' },
  },
  'backend-store-knows-no-http': {
    from: 'src/backend/store/a.ts',
    imports: '../http/b.ts',
    also: { 'src/backend/http/b.ts': 'export {};' },
  },
  'backend-http-knows-no-store': {
    from: 'src/backend/http/a.ts',
    imports: '../store/b.ts',
    also: { 'src/backend/store/b.ts': 'export {};' },
  },
  'windows-and-pages-apart': { from: 'src/renderer/ui/a.ts', imports: '../app/b.ts', also: { 'src/renderer/app/b.ts': 'export {};' } },
  'app-knows-no-pages': { from: 'src/renderer/app/a.ts', imports: '../web/b.ts', also: { 'src/renderer/web/b.ts': 'export {};' } },
  'pages-know-no-app': { from: 'src/renderer/web/a.ts', imports: '../app/b.ts', also: { 'src/renderer/app/b.ts': 'export {};' } },
  resolvable: { from: 'src/contract/a.ts', imports: './nowhere.ts' },
};

async function brokenRules(folder: string): Promise<string[]> {
  const result = await cruise(['src'], {
    ruleSet: { forbidden: config.forbidden },
    validate: true,
    baseDir: folder,
    ...config.options,
    tsConfig: {},
  });
  const output = result.output as ICruiseResult;
  return [...new Set(output.summary.violations.map(({ rule }) => rule.name))];
}

describe('the fence', () => {
  let scratch: string;
  beforeAll(() => {
    mkdirSync(path.join(root, '.doorstep'), { recursive: true });
    scratch = mkdtempSync(path.join(root, '.doorstep', 'fence-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('has one violation to try for every rule, and no other', () => {
    expect(Object.keys(VIOLATIONS).sort()).toEqual(config.forbidden.map(({ name }) => name).sort());
  });

  it.each(Object.entries(VIOLATIONS))('%s is seen when it is broken', async (rule, { from, imports, also = {} }) => {
    const folder = path.join(scratch, rule);
    mkdirSync(folder, { recursive: true });
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'));
    for (const [file, text] of Object.entries({ [from]: `import '${imports}';\n`, ...also })) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    }
    expect(await brokenRules(folder)).toContain(rule);
  });

  it('holds for the tree as it is', async () => {
    expect(await brokenRules(root)).toEqual([]);
  });

  it('is the table that the architecture page shows', () => {
    const page = readFileSync(path.join(root, 'docs', 'architecture.md'), 'utf8');
    for (const { name } of config.forbidden) expect(page).toContain(`\`${name}\``);
  });
});
