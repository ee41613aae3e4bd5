/**
 * `npm start`: sets up what is missing, starts the backend embedded on loopback with the demonstration
 * organization, and opens the desktop app paired with it. `npm start -- --server URL` uses another backend.
 */
import { spawn } from 'node:child_process';
import { chownSync, copyFileSync, mkdirSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { node, root, setUp } from './setup.mjs';
import {
  asOrdinaryUser,
  explain,
  hasDisplay,
  isRoot,
  openProject,
  ordinaryEnvironment,
  ordinaryUser,
  privateFolder,
  run,
  SetUpError,
  startVirtualDisplay,
  withKeychain,
} from './system.mjs';

const USAGE = 'Usage: npm start [-- --server URL]\n\n  --server URL   connect to this backend instead of starting one here';

function parse(words) {
  let server = null;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i];
    if (word === '--help' || word === '-h') return { help: true, server };
    if (word === '--server' && words[i + 1]) {
      server = words[i + 1];
      i += 1;
    } else if (word.startsWith('--server=')) server = word.slice('--server='.length);
    else throw new SetUpError(`it does not know the word ${JSON.stringify(word)}.`, USAGE);
  }
  if (server !== null && !URL.canParse(server))
    throw new SetUpError(`${JSON.stringify(server)} is not an address.`, 'Give one such as https://id.example.org.');
  return { help: false, server };
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
function showWarnings(child) {
  const noise = /^\[\d+:\d{4}\/\d{6}\.\d+:[A-Z]+:|^dbus-daemon\[|"level":"info"/;
  readline.createInterface({ input: child.stderr }).on('line', (line) => {
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

const split = ([program, ...words]) => [program, words];

async function main() {
  const { help, server } = parse(process.argv.slice(2));
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const { electron } = setUp('start');
  const user = ordinaryUser();
  const project = openProject(root, user);
  const env = ordinaryEnvironment(user);
  const home = privateFolder(user, 'doorstep-');
  const data = path.join(
    isRoot ? path.join(user.home, '.local', 'share') : (env.XDG_DATA_HOME ?? path.join(os.homedir(), '.local', 'share')),
    'doorstep',
  );
  run(...split(asOrdinaryUser(user, ['mkdir', '-p', '-m', '0700', data])));
  const inProject = (file) => path.join(project.root, path.relative(root, file));
  const command = (...words) => project.wrap(asOrdinaryUser(user, words));
  let display = null;

  const stop = async () => {
    if (stopping) return;
    console.log('\nDoorstep is stopping.');
    await stopAll();
    display?.stop();
    home.remove();
  };
  const interrupted = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(0));
  });

  try {
    const virtual = !hasDisplay();
    if (virtual) {
      display = await startVirtualDisplay();
      env.DISPLAY = display.display;
      console.log(`There is no display here: Doorstep opens its window on a virtual one (${display.display}).`);
    } else if (isRoot && env.XAUTHORITY) {
      const copy = path.join(home.folder, 'xauthority');
      copyFileSync(env.XAUTHORITY, copy);
      chownSync(copy, user.uid, user.gid);
      env.XAUTHORITY = copy;
    }
    if (isRoot) console.log(`You are root, and Electron keeps its sandbox only as an ordinary user: Doorstep runs as ${user.name}.`);

    const practice = { socket: path.join(home.folder, 'practice.sock'), control: path.join(home.folder, 'practice-control.sock') };
    const appEnv = {
      ...env,
      DOORSTEP_DATA: path.join(data, 'app'),
      DOORSTEP_PRACTICE_SOCKET: practice.socket,
      DOORSTEP_PRACTICE_CONTROL: practice.control,
    };
    let backend = null;
    if (server === null) {
      const [port, demoPort] = await freePorts();
      appEnv.DOORSTEP_SERVER = `http://localhost:${port}`;
      backend = start('backend', command(inProject(node), inProject(path.join(root, 'src', 'backend', 'start.ts'))), {
        cwd: project.root === root ? root : undefined,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...env,
          DOORSTEP_BACKEND_DATA: path.join(data, 'backend'),
          DOORSTEP_LISTEN: `127.0.0.1:${port}`,
          DOORSTEP_ORIGIN: appEnv.DOORSTEP_SERVER,
          DOORSTEP_DEMO: '1',
          DOORSTEP_DEMO_LISTEN: `127.0.0.1:${demoPort}`,
          DOORSTEP_ORGANIZATION: 'Northmoor University',
          DOORSTEP_FIRST_ENROLLMENT: 'password',
          DOORSTEP_LOG_LEVEL: env.DOORSTEP_LOG_LEVEL ?? 'warn',
        },
      });
    } else appEnv.DOORSTEP_SERVER = server;

    let app = [inProject(electron), project.root];
    let password = null;
    if (virtual || isRoot) {
      const keychain = withKeychain(app, home.folder);
      app = keychain.command;
      password = keychain.password;
      Object.assign(appEnv, keychain.env);
      mkdirSync(keychain.env.XDG_DATA_HOME, { recursive: true });
      if (isRoot) chownSync(keychain.env.XDG_DATA_HOME, user.uid, user.gid);
      console.log('It has a keychain of its own for this run, so this computer is connected anew each time.');
    }
    const window = start('app', command(...app), {
      cwd: project.root === root ? root : undefined,
      // 0: the pairing code, once the backend has made one; 4: the keychain's password.
      stdio: ['pipe', 'inherit', 'pipe', 'ignore', password === null ? 'ignore' : 'pipe'],
      env: { ...appEnv, DOORSTEP_PAIRING_STDIN: backend ? '1' : '' },
    });
    window.child.stdin.on('error', () => {});
    showWarnings(window.child);
    if (password !== null) window.child.stdio[4].end(`${password}\n`);
    start(
      'practice key',
      command(
        inProject(node),
        inProject(path.join(root, 'test', 'support', 'token', 'practice.ts')),
        '--socket',
        practice.socket,
        '--control',
        practice.control,
        '--state',
        path.join(data, 'practice-key.json'),
      ),
      {
        cwd: project.root === root ? root : undefined,
        stdio: ['ignore', 'inherit', 'inherit'],
        env,
      },
    );

    if (backend) {
      const ready = await Promise.race([readiness(backend), interrupted]);
      if (ready !== 0) {
        window.child.stdin.end(`${JSON.stringify({ pairingCode: ready.demo?.pairingCode })}\n`);
        announce(ready);
      }
    } else {
      window.child.stdin.end();
      console.log(`\nDoorstep is open, for ${server}. Press Ctrl-C to stop.`);
    }

    const watched = running.filter(({ name }) => name !== 'practice key');
    const first = await Promise.race([
      interrupted.then(() => null),
      ...watched.map(({ name, ended }) => ended.then((how) => ({ name, ...how }))),
    ]);
    await stop();
    if (first === null || (first.name === 'app' && first.code === 0)) return 0;
    throw new SetUpError(`the ${first.name} ended (${first.why}).`, 'The lines above say why.');
  } finally {
    await stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error) => process.exit(explain(error)),
);
