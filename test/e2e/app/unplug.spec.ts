/**
 * Keys pulled out at every moment: while they open (at every packet), idle, and in the middle of calls. The
 * unmodified node-hid in the app's own token process; 300 cycles here, 10,000 with DOORSTEP_UNPLUG_CYCLES=10000.
 */
import { readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import { test } from '../../support/desktop/desk.ts';
import type { DoorstepApp } from '../../support/desktop/doorstep.ts';
import { type Bus, type PluggedToken, VirtualToken } from '../../support/token/index.ts';

const CYCLES = Number(process.env['DOORSTEP_UNPLUG_CYCLES'] ?? 300);
/** As many keys at once: finding a new key takes one look around, however many there are. */
const ROUND = 50;
/** INIT is one packet, getInfo three or four: a key that goes at one of these goes while it is being opened. */
const OPENING_PACKETS = 5;

test.use({ activation: true });

let bus: Bus;
let doorstep: DoorstepApp;
test.beforeEach(({ bus: plugs, alone }) => {
  bus = plugs;
  doorstep = alone;
});

const tokens = async () => (await doorstep.state()).tokens;
const crashes = () => (doorstep.log().match(/"event":"tokens.ended"/g) ?? []).length;
/** Resident memory of the token process, megabytes. */
const memory = async () => {
  const metrics = await doorstep.app.evaluate(({ app }) => app.getAppMetrics().map(({ name, pid }) => ({ name, pid })));
  const pid = metrics.find(({ name }) => name === 'Doorstep tokens')?.pid;
  const pages = pid === undefined ? '0 0' : readFileSync(`/proc/${pid}/statm`, 'utf8');
  return (Number(pages.split(' ')[1]) * 4096) / 1e6;
};

/** Plugs a round of keys in, and pulls each out at a moment of its own. */
async function round(): Promise<void> {
  const dying: VirtualToken[] = [];
  const living: PluggedToken[] = [];
  for (let index = 0; index < ROUND; index += 1) {
    const token = new VirtualToken({ touch: { kind: 'never' } });
    if (index % 3 === 0) {
      token.arm({ at: index % OPENING_PACKETS, fault: { kind: 'unplug' } });
      dying.push(token);
    }
    const plugged = await bus.plug(token, { product: `Key ${index}`, serial: `${index}` });
    if (index % 3 !== 0) living.push(plugged);
  }
  await expect
    .poll(async () => (await tokens()).filter((token) => token.state.kind === 'ready').length, { timeout: 60_000, intervals: [250] })
    .toBe(living.length);
  await expect.poll(() => dying.filter((token) => token.pluggedIn).length, { timeout: 30_000 }).toBe(0);
  const ready = (await tokens()).filter((token) => token.state.kind === 'ready').map((token) => token.id);
  // Half of them are asked to blink at the moment at which they go, and one is in the middle of getting its PIN.
  const calls = doorstep.window.evaluate(
    (ids) =>
      Promise.all([
        window.doorstep!.invoke('key.set-pin', { tokenId: ids[0] ?? '' }),
        ...ids.slice(0, ids.length / 2).map((tokenId) => window.doorstep!.invoke('key.wink', { tokenId })),
      ]),
    ready,
  );
  await Promise.all(
    living.map(async (plugged, index) => {
      await new Promise((resolve) => setTimeout(resolve, (index * 7) % 40));
      await plugged.unplug();
    }),
  );
  for (const outcome of await calls) expect(outcome.ok || outcome.code.startsWith('token.')).toBe(true);
  await expect.poll(async () => (await tokens()).length, { timeout: 60_000, intervals: [250] }).toBe(0);
}

test(`${CYCLES} times pulled out: the app stays`, async () => {
  test.setTimeout(60_000 + CYCLES * 200);
  const started = Date.now();
  await round();
  const first = await memory();
  let done = ROUND;
  for (; done < CYCLES; done += ROUND) await round();
  const last = await memory();
  const key = new VirtualToken();
  await bus.plug(key, { product: 'Blue key' });
  await expect.poll(async () => (await tokens()).map((token) => token.state.kind), { timeout: 20_000 }).toEqual(['ready']);
  const seconds = (Date.now() - started) / 1000;
  console.log(
    `unplugged ${done} times in ${seconds.toFixed(0)} s; the token process ended ${crashes()} times and holds ${last.toFixed(0)} MB (${first.toFixed(0)} MB after the first ${ROUND})`,
  );
  expect(doorstep.app.process().exitCode).toBeNull();
  expect(last - first).toBeLessThan(64);
});
