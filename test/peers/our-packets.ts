import { join } from 'node:path';
import { practiceSource } from '../../src/device/index.ts';
import { serveToken, type VirtualToken } from '../support/token/index.ts';
import { Ladder } from './ladder.ts';
import { countPackets } from './libfido2.ts';
import { PIN } from './packet-counts.ts';

/** Every packet from plugging the token in to the answer is in one of these. */
export interface Ours {
  /** INIT and getInfo, which a tool too begins with. */
  readonly opening: number;
  /** How many tries the PIN has left, read by the side where one is set. */
  readonly tries: number;
  /** From the call to its answer. */
  readonly call: number;
  /** What the call has changed, read again when the person has their answer. */
  readonly after: number;
}

/** `soon`: the person takes a moment after plugging the token in, as people do. `atOnce`: the call comes first. */
export type When = 'soon' | 'atOnce';

/** Plugs the token in, lets a fresh host open it, runs one call, pulls the token out. */
export async function ourPackets<T>(
  token: VirtualToken,
  folder: string,
  when: When,
  run: (host: Ladder, tokenId: string) => Promise<T>,
): Promise<Ours & { readonly value: T }> {
  const path = join(folder, 'token');
  const plugIn = async () => {
    token.plugIn();
    await serveToken(token, path);
  };
  await plugIn();
  const host = new Ladder(practiceSource({ path }));
  host.pin = PIN;
  host.onReplug = (step) => (step === 'pull-out' ? token.unplug() : void plugIn());
  try {
    const opening = await countPackets(token, () => host.ready());
    const { id, pin } = await host.ready();
    const look = () => host.until(([first]) => when === 'atOnce' || pin.state !== 'set' || first?.pin.retries === 8);
    const tries = await countPackets(token, look);
    let value: T | undefined;
    const call = await countPackets(token, async () => {
      value = await run(host, id);
    });
    const after = await countPackets(token, () => new Promise((resolve) => setTimeout(resolve, 300)));
    return { opening, tries, call, after, value: value as T };
  } finally {
    await host.stop();
    token.unplug();
  }
}
