import { DoorstepError } from '../../../../src/contract/errors.ts';
import { type Channel, openChannel } from '../../../../src/device/ctaphid/channel.ts';
import { ManualClock } from './manual-clock.ts';
import { message, ScriptedPipe, type Step } from './scripted-pipe.ts';

export const BROADCAST = 0xffffffff;
export const OURS = 0x11223344;
export const NONCE = '0101010101010101';
export const [PING, INIT, WINK, LOCK, CBOR, CANCEL, KEEPALIVE, ERROR] = [0x01, 0x06, 0x08, 0x04, 0x10, 0x11, 0x3b, 0x3f];

/** Version 2, device 1.2.3; capabilities WINK and CBOR. */
export const initAnswer = (channel = OURS, capabilities = '05') => `${channel.toString(16).padStart(8, '0')}02010203${capabilities}`;
export const INIT_STEP: Step = {
  host: { command: INIT, channel: BROADCAST, payload: NONCE },
  token: () => message(BROADCAST, INIT, NONCE + initAnswer()),
};
export const keepalive = (status: number, channel = OURS) => message(channel, KEEPALIVE, Uint8Array.of(status));
export const error = (code: number, channel = OURS) => message(channel, ERROR, Uint8Array.of(code));
export const answer = (payload: string) => () => message(OURS, CBOR, payload);
export const REQUEST = Uint8Array.of(0x04);
export const SENT = { command: CBOR, channel: OURS, payload: '04' };

export async function open(...steps: Step[]): Promise<{ pipe: ScriptedPipe; clock: ManualClock; channel: Channel }> {
  const pipe = new ScriptedPipe(INIT_STEP, ...steps);
  const clock = new ManualClock();
  const channel = await clock.run(openChannel(pipe, { clock, random: (length) => new Uint8Array(length).fill(1) }), 0);
  return { pipe, clock, channel };
}

export async function fails(promise: Promise<unknown>): Promise<string> {
  const reason = await promise.then(
    () => 'ok',
    (caught: unknown) => caught,
  );
  if (!(reason instanceof DoorstepError)) throw reason;
  const why = reason.detail['reason'];
  return why === undefined ? reason.code : `${reason.code} ${why}`;
}
