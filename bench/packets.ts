/**
 * Packets and milliseconds an operation: our host through its own door, and libfido2's tools, on virtual tokens
 * of one kind that answer at once. The tools are whole processes that open the token each time; beside our call
 * with the token open stands our call with the packets of its opening, which is what a tool does too.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { practiceSource } from '../src/device/index.ts';
import { creationOptions, ORIGIN, requestOptions } from '../test/peers/ceremonies.ts';
import { Ladder } from '../test/peers/ladder.ts';
import { countPackets, Libfido2 } from '../test/peers/libfido2.ts';
import { PIN } from '../test/peers/packet-counts.ts';
import { profile, serveToken, VirtualToken } from '../test/support/token/index.ts';
import { load, print, quartiles, ratio, spread } from './table.ts';

const rounds = Number(process.env.ROUNDS ?? 15);

interface Figures {
  readonly packets: number[];
  readonly milliseconds: number[];
}

const OPERATIONS = ['registration', 'assertion', 'registration with PIN', 'assertion with PIN'] as const;
type Operation = (typeof OPERATIONS)[number];

const empty = (): Record<Operation, Figures> =>
  Object.fromEntries(OPERATIONS.map((name) => [name, { packets: [], milliseconds: [] }])) as unknown as Record<Operation, Figures>;

const ours = empty();
const peer = empty();

async function measure(token: VirtualToken, into: Figures, action: () => Promise<unknown>): Promise<void> {
  const begin = performance.now();
  into.packets.push(await countPackets(token, action));
  into.milliseconds.push(performance.now() - begin);
}

const folder = mkdtempSync(join(tmpdir(), 'doorstep-bench-'));
const token = new VirtualToken({ profile: profile('full') });
const socket = join(folder, 'token');
token.plugIn();
await serveToken(token, socket);
const host = new Ladder(practiceSource({ path: socket }));
host.pin = PIN;
const opening = await countPackets(token, () => host.ready());
const peerToken = new VirtualToken({ profile: profile('full') });
const tools = await Libfido2.on(peerToken);
try {
  let id = '';
  let toolId = '';
  const run = async (operation: Operation): Promise<void> => {
    const verification = operation.endsWith('PIN') ? 'required' : 'discouraged';
    const pin = operation.endsWith('PIN') ? { pin: PIN } : {};
    if (operation.startsWith('registration')) {
      await measure(token, ours[operation], async () => {
        id = (await host.answer('register', { origin: ORIGIN, options: creationOptions(verification) })).credential.id;
      });
      let made = '';
      await measure(peerToken, peer[operation], async () => {
        made = await tools.makeCredential(pin);
      });
      toolId = (await tools.verifyCredential(made, pin)).id;
    } else {
      await measure(token, ours[operation], () => host.answer('assert', { origin: ORIGIN, options: requestOptions(id, verification) }));
      await measure(peerToken, peer[operation], () => tools.getAssertion({ id: toolId, ...pin }));
    }
  };
  for (let round = 0; round < rounds; round += 1) for (const operation of OPERATIONS.slice(0, 2)) await run(operation);
  await host.answer('setPin', { tokenId: (await host.ready()).id });
  await tools.succeed('fido2-token', ['-S', tools.path], [PIN, PIN]);
  for (let round = 0; round < rounds; round += 1) for (const operation of OPERATIONS.slice(2)) await run(operation);
} finally {
  await host.stop();
  await tools.close();
  token.unplug();
  rmSync(folder, { recursive: true, force: true });
}

const whole = (figures: readonly number[]) => String(quartiles(figures).median);
print({
  title: 'A security key: packets and milliseconds an operation',
  note: `${rounds} alternated rounds, median and quartiles; the token kept open by Doorstep, opened each time by libfido2's tools, whose milliseconds are those of a whole process; keepalives not counted; ${load()}`,
  rows: OPERATIONS.flatMap((operation) => [
    {
      what: `${operation}, packets`,
      ours: whole(ours[operation].packets),
      peer: whole(peer[operation].packets),
      ratio: ratio(ours[operation].packets, peer[operation].packets),
    },
    {
      what: `${operation}, packets with the opening of the token`,
      ours: whole(ours[operation].packets.map((packets) => packets + opening)),
      peer: whole(peer[operation].packets),
      ratio: ratio(
        ours[operation].packets.map((packets) => packets + opening),
        peer[operation].packets,
      ),
    },
    {
      what: `${operation}, milliseconds`,
      ours: spread(ours[operation].milliseconds, 1),
      peer: spread(peer[operation].milliseconds, 1),
      ratio: ratio(ours[operation].milliseconds, peer[operation].milliseconds),
    },
  ]),
});
