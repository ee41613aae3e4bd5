/**
 * The fence: arrows point at contract, an outside package has exactly one room, no cycles.
 * `docs/architecture.md` shows the same table; a test compares the two, and one violation a rule is tried.
 */

/** Room → what it may import inside `src`. A room may always import itself. */
const ROOMS = {
  contract: [],
  oath: ['contract'],
  device: ['contract'],
  backend: ['contract', 'oath'],
  main: ['contract', 'oath', 'device'],
  preload: ['contract'],
  renderer: ['contract'],
  cli: ['contract', 'device'],
};

/** Package → the one place that may import it (a path below src, as a pattern). */
const PACKAGES = {
  'node-hid': '^src/device/hid/',
  tldts: '^src/device/session/',
  electron: '^src/(main|preload)/',
  '@github/keytar': '^src/main/vault/',
  'zxing-wasm': '^src/main/codes/pictures/',
  '@jellybrick/dbus-next': '^src/main/bus/',
  kysely: '^src/backend/store/',
  pg: '^src/backend/store/',
  'better-sqlite3': '^src/backend/store/',
  '@node-rs/argon2': '^src/backend/',
  '@simplewebauthn/server': '^src/backend/',
  fastify: '^src/backend/(http|start|demo)',
  '@fastify/[a-z-]+': '^src/backend/(http|demo)',
  pino: '^src/backend/(http|backend)',
  svelte: '^src/renderer/',
  '@simplewebauthn/browser': '^src/renderer/web/',
  qr: '^src/renderer/web/',
  typebox: '^src/(contract|main/ipc|backend)/',
  jose: '^src/backend/',
};

/** What every rung of the device ladder may stand on: the seam, bytes and the injected clock. */
const GROUND = ['link', 'bytes', 'clock'];

/** The rungs of the device ladder, from the lowest: each may import only the ground and what stands beside it here. */
const RUNGS = {
  hid: [],
  ctaphid: [],
  ctap1: [],
  ctap2: [],
  otp: [],
  session: ['ctap1', 'ctap2', 'ctaphid'],
};

const forbidden = [
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  { name: 'src-never-imports-test', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench|scripts|build)/' } },
  {
    name: 'contract-is-pure',
    comment: 'No Node, no DOM library: only the schema library. One file of oath is the seam to HMAC.',
    severity: 'error',
    from: { path: '^src/(contract|oath)/', pathNot: '^src/oath/hmac\\.ts$' },
    to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'], pathNot: 'node_modules/typebox/' },
  },
  {
    name: 'windows-know-no-node',
    severity: 'error',
    from: { path: '^src/(renderer|preload)/' },
    to: { dependencyTypes: ['core'] },
  },
  ...Object.entries(ROOMS).map(([room, may]) => ({
    name: `room-${room}`,
    severity: 'error',
    from: { path: `^src/${room}/` },
    to: { path: '^src/', pathNot: `^src/(${[room, ...may].join('|')})/` },
  })),
  ...Object.entries(PACKAGES).map(([name, room]) => ({
    name: `package-${name.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}`,
    severity: 'error',
    from: { path: '^src/', pathNot: room },
    to: { path: `(^|node_modules/)${name}(/|$)` },
  })),
  ...Object.entries(RUNGS).map(([rung, may]) => ({
    name: `rung-${rung}`,
    severity: 'error',
    from: { path: `^src/device/${rung}/` },
    to: {
      path: '^src/device/',
      pathNot: `^src/device/(${[...[rung, ...may].map((name) => `${name}/`), ...GROUND.map((name) => `${name}\\.ts$`)].join('|')})`,
    },
  })),
  {
    name: 'backend-domain-knows-no-store',
    severity: 'error',
    from: { path: '^src/backend/domain/' },
    to: { path: '^src/backend/(store|http|demo)/' },
  },
  {
    name: 'backend-store-knows-no-http',
    severity: 'error',
    from: { path: '^src/backend/store/' },
    to: { path: '^src/backend/(http|demo)/' },
  },
  {
    name: 'backend-http-knows-no-store',
    severity: 'error',
    from: { path: '^src/backend/http/' },
    to: { path: '^src/backend/store/' },
  },
  {
    name: 'windows-and-pages-apart',
    severity: 'error',
    from: { path: '^src/renderer/ui/' },
    to: { path: '^src/renderer/(app|web)/' },
  },
  { name: 'app-knows-no-pages', severity: 'error', from: { path: '^src/renderer/app/' }, to: { path: '^src/renderer/web/' } },
  { name: 'pages-know-no-app', severity: 'error', from: { path: '^src/renderer/web/' }, to: { path: '^src/renderer/app/' } },
  { name: 'resolvable', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true, pathNot: '^electron$' } },
];

module.exports = {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types', 'svelte'],
      extensions: ['.ts', '.svelte', '.js', '.mjs', '.cjs', '.d.ts'],
    },
  },
};
