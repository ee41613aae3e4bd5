/**
 * `npm start`: sets up what is missing, starts the backend embedded on loopback with the demonstration
 * organization, and opens the desktop app paired with it. `npm start -- --server URL` uses another backend.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, copyFileSync, mkdirSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { node, root, setUp } from './setup.mjs';
import {
  asOrdinaryUser,
  endProcessesOf,
  explain,
  hasDisplay,
  isRoot,
  openProject,
  ordinaryEnvironment,
  ordinaryUser,
  privateFolder,
  SetUpError,
  startVirtualDisplay,
  withKeychain,
} from './system.mjs';

const USAGE = `Usage: npm start [-- --server URL] [--data FOLDER]

  --server URL    connect to this backend instead of starting one here
  --data FOLDER   keep the app's and the backend's data there, not in ~/.local/share/doorstep`;

function parse(words) {
  const given = {};
  for (let i = 0; i < words.length; i += 1) {
    if (words[i] === '--help' || words[i] === '-h') return { help: true };
    const [, name, value] = /^--(server|data)(?:=(.*))?$/s.exec(words[i]) ?? [];
    if (name === undefined) throw new SetUpError(`it does not know the word ${JSON.stringify(words[i])}.`, USAGE);
    if (value === undefined) i += 1;
    given[name] = value ?? words[i];
    if (!given[name]) throw new SetUpError(`--${name} has nothing behind it.`, USAGE);
  }
  const { server = null, data = null } = given;
  if (server !== null && !URL.canParse(server))
    throw new SetUpError(`${JSON.stringify(server)} is not an address.`, 'Give one such as https://id.example.org.');
  // npm runs its commands at the top of the project, wherever the person stands.
  return { help: false, server, data: data === null ? null : path.resolve(process.env.INIT_CWD ?? '', data) };
}

/** Where a run keeps what the next one finds again, made by the ordinary user. */
function dataFolder(chosen, user, env) {
  const share = isRoot ? path.join(user.home, '.local', 'share') : (env.XDG_DATA_HOME ?? path.join(os.homedir(), '.local', 'share'));
  const folder = chosen ?? path.join(share, 'doorstep');
  const [make, ...words] = asOrdinaryUser(user, ['mkdir', '-p', '-m', '0700', folder]);
  const { status, stderr } = spawnSync(make, words, { encoding: 'utf8' });
  if (status !== 0)
    throw new SetUpError(`the folder ${folder} cannot be made by ${user.name}.`, `Choose another with --data. mkdir said:\n${stderr}`);
  return folder;
}

const isFree = (port) =>
  new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** The first pair of neighbouring ports that is free, from 7410 on. */
async function freePorts() {
  for (let port = 7410; port < 7510; port += 10) if ((await isFree(port)) && (await isFree(port + 1))) return [port, port + 1];
  throw new SetUpError('none of the ports from 7410 to 7501 is free.', 'Stop the programs that listen there, then try again.');
}

/** Children in the order of their start; stopped in the opposite order. */
const running = [];
let stopping = false;

function start(name, command, options) {
  const child = spawn(command[0], command.slice(1), { ...options, detached: true });
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, why: error.message }));
    child.once('exit', (code, signal) => resolve({ code: code ?? 1, why: signal ? `signal ${signal}` : `exit code ${code}` }));
  });
  running.push({ name, child, ended });
  return { child, ended };
}

async function stopAll() {
  stopping = true;
  for (const { child, ended } of running.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
    const signal = (name) => {
      try {
        process.kill(-child.pid, name);
      } catch {
        // It has ended in the meantime.
      }
    };
    signal('SIGTERM');
    const timer = setTimeout(() => signal('SIGKILL'), 5000);
    await ended;
    clearTimeout(timer);
  }
  running.length = 0;
}

/**
 * What the app says that a person should read. Chromium and the session bus tell of every driver that a small
 * machine lacks, and the app's own log of every step; DOORSTEP_LOG_LEVEL=info shows it all.
 */
function showWarnings(child, onShown) {
  const noise = /^\[\d+:\d{4}\/\d{6}\.\d+:[A-Z]+:|^dbus-daemon\[|"level":"info"/;
  readline.createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.includes('"event":"window.shown"')) onShown();
    if (process.env.DOORSTEP_LOG_LEVEL === 'info' || !noise.test(line)) console.error(line);
  });
}

/** Waits for the one line in which the backend says that it is ready. */
function readiness({ child, ended }) {
  return new Promise((resolve, reject) => {
    readline.createInterface({ input: child.stdout }).once('line', (line) => {
      try {
        resolve(JSON.parse(line));
      } catch {
        reject(
          new SetUpError(`the backend said something that makes no sense: ${line}`, 'Start it again. If it stays, tell the developers.'),
        );
      }
    });
    ended.then(({ why }) => reject(new SetUpError(`the backend ended before it was ready (${why}).`, 'The lines above say why.')));
  });
}

function announce({ origin, demo }) {
  console.log('\nDoorstep is open. The pages:');
  console.log(`  sign-in page      ${origin}/sign-in`);
  console.log(`  security page     ${origin}/security`);
  if (demo) {
    console.log(`  a service to try  ${demo.service}`);
    if (demo.firstRun) {
      console.log('\nThe people of the demonstration. These passwords are shown this once:');
      const width = Math.max(...demo.people.map(({ username }) => username.length));
      for (const { username, password, role } of demo.people) console.log(`  ${username.padEnd(width)}  ${password}  (${role})`);
    }
  }
  console.log('\nPress Ctrl-C to stop.');
}

/** A display, or a virtual one where there is none; as root, the ordinary user's way to it. */
async function chooseDisplay(env, home, user) {
  if (!hasDisplay()) {
    const display = await startVirtualDisplay();
    console.log(`There is no display here: Doorstep opens its window on a virtual one (${display.display}).`);
    return { env: { DISPLAY: display.display }, virtual: true, stop: display.stop };
  }
  if (!isRoot || !env.XAUTHORITY) return { env: {}, virtual: false, stop: () => {} };
  const copy = path.join(home, 'xauthority');
  copyFileSync(env.XAUTHORITY, copy);
  chownSync(copy, user.uid, user.gid);
  return { env: { XAUTHORITY: copy }, virtual: false, stop: () => {} };
}

/** The window, with a keychain of its own where the person's cannot be reached. */
function startApp({ words, env, needsKeychain, home, user, spawnAs }) {
  let command = words;
  let password = null;
  // Chromium leaves the folder of its single-instance socket behind when it is told to end.
  const all = { ...env, TMPDIR: home };
  if (needsKeychain) {
    const keychain = withKeychain(words, home);
    command = keychain.command;
    password = keychain.password;
    Object.assign(all, keychain.env);
    mkdirSync(keychain.env.XDG_DATA_HOME, { recursive: true });
    if (isRoot) chownSync(keychain.env.XDG_DATA_HOME, user.uid, user.gid);
    console.log('It has a keychain of its own for this run, so this computer is connected anew each time.');
  }
  // 0: the pairing code, once the backend has made one; 4: the keychain's password.
  const started = spawnAs('app', command, {
    stdio: ['pipe', 'inherit', 'pipe', 'ignore', password === null ? 'ignore' : 'pipe'],
    env: all,
  });
  started.child.stdin.on('error', () => {});
  if (password !== null) started.child.stdio[4].end(`${password}\n`);
  const shown = new Promise((resolve) => {
    showWarnings(started.child, () => resolve(true));
    started.ended.then(() => resolve(false));
  });
  return { ...started, shown };
}

async function main() {
  const { help, server, data: chosenData } = parse(process.argv.slice(2));
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const user = ordinaryUser();
  const project = openProject(root, user);
  const { electron } = await setUp('start');
  const env = ordinaryEnvironment(user);
  const home = privateFolder(user, 'doorstep-');
  const inProject = (...parts) => path.join(project.root, path.relative(root, path.resolve(root, ...parts)));
  const spawnAs = (name, words, options) =>
    start(name, project.wrap(asOrdinaryUser(user, words)), { cwd: project.root === root ? root : undefined, ...options });
  let display = null;

  const stop = async () => {
    if (stopping) return;
    console.log('\nDoorstep is stopping.');
    await stopAll();
    await endProcessesOf(home.folder);
    display?.stop();
    home.remove();
  };
  const interrupted = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(null));
  });

  try {
    display = await chooseDisplay(env, home.folder, user);
    Object.assign(env, display.env);
    if (isRoot) console.log(`You are root, and Electron keeps its sandbox only as an ordinary user: Doorstep runs as ${user.name}.`);
    const data = dataFolder(chosenData, user, env);

    const practice = { socket: path.join(home.folder, 'practice.sock'), control: path.join(home.folder, 'practice-control.sock') };
    const [port, demoPort] = server === null ? await freePorts() : [];
    const address = server ?? `http://localhost:${port}`;
    const app = startApp({
      words: [inProject(electron), project.root],
      env: {
        ...env,
        DOORSTEP_DATA: path.join(data, 'app'),
        DOORSTEP_SERVER: address,
        DOORSTEP_PRACTICE_SOCKET: practice.socket,
        DOORSTEP_PRACTICE_CONTROL: practice.control,
        DOORSTEP_PAIRING_STDIN: server === null ? '1' : '',
      },
      needsKeychain: display.virtual || isRoot,
      home: home.folder,
      user,
      spawnAs,
    });

    // Nothing competes with the first window for the processor.
    const shown = await Promise.race([app.shown, interrupted]);
    if (shown === null) return 0;
    if (!shown && (await app.ended).code === 0) {
      console.log('Doorstep is open already: its window is in front now.');
      return 0;
    }
    spawnAs(
      'practice key',
      [
        inProject(node),
        inProject('test/support/token/practice.ts'),
        '--socket',
        practice.socket,
        '--control',
        practice.control,
        '--state',
        path.join(data, 'practice-key.json'),
      ],
      { stdio: ['ignore', 'inherit', 'inherit'], env },
    );
    if (server === null) {
      const backend = spawnAs('backend', [inProject(node), inProject('src/backend/start.ts')], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...env,
          DOORSTEP_BACKEND_DATA: path.join(data, 'backend'),
          DOORSTEP_LISTEN: `127.0.0.1:${port}`,
          DOORSTEP_ORIGIN: address,
          DOORSTEP_DEMO: '1',
          DOORSTEP_DEMO_LISTEN: `127.0.0.1:${demoPort}`,
          DOORSTEP_ORGANIZATION: 'Northmoor University',
          DOORSTEP_FIRST_ENROLLMENT: 'password',
          DOORSTEP_LOG_LEVEL: env.DOORSTEP_LOG_LEVEL ?? 'warn',
        },
      });
      const ready = await Promise.race([readiness(backend), interrupted]);
      if (ready === null) return 0;
      app.child.stdin.end(`${JSON.stringify({ pairingCode: ready.demo?.pairingCode })}\n`);
      announce(ready);
    } else {
      app.child.stdin.end();
      console.log(`\nDoorstep is open, for ${server}. Press Ctrl-C to stop.`);
    }

    const watched = running.filter(({ name }) => name !== 'practice key');
    const first = await Promise.race([interrupted, ...watched.map(({ name, ended }) => ended.then((how) => ({ name, ...how })))]);
    if (first === null || (first.name === 'app' && first.code === 0)) return 0;
    await stop();
    throw new SetUpError(`the ${first.name} ended (${first.why}).`, 'The lines above say why.');
  } finally {
    await stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error) => process.exit(explain(error)),
);
