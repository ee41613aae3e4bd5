/** One request and its answer on one channel: every deadline and every way a token can misbehave on the way. */
import { DoorstepError, type ErrorDetail } from '../../contract/errors.ts';
import type { Clock } from '../clock.ts';
import type { Keepalive, ReportPipe } from '../link.ts';
import { CTAPHID, HID_ERROR } from './commands.ts';
import { Assembly, encodeMessage, parsePacket } from './frames.ts';
import type { Limits } from './limits.ts';

/** Counts that the channel shows as `PacketCount`. */
export interface Tally {
  sent: number;
  received: number;
  keepalives: number;
  foreign: number;
}

export interface Request {
  readonly channel: number;
  readonly command: number;
  readonly payload: Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly onKeepalive: ((state: Keepalive) => void) | undefined;
  readonly silenceMs: number;
}

/**
 * How an exchange ended. `busy`: the token works for another program; `lost`: it does not know our channel
 * any more; `resend`: it did not get the whole request. In these three nothing was carried out.
 */
export type Ending =
  | { readonly kind: 'answer'; readonly payload: Uint8Array }
  | { readonly kind: 'busy' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'resend' }
  /** `outOfStep`: an answer may still come, so the channel must be brought back into step first. */
  | { readonly kind: 'failed'; readonly error: DoorstepError; readonly outOfStep: boolean };

const KEEPALIVE_TOUCH = 2;

/** Runs the exchange to its end. Never rejects; bounded by `limits.totalMs` whatever the token does. */
export function exchange(pipe: ReportPipe, clock: Clock, limits: Limits, tally: Tally, request: Request): Promise<Ending> {
  const { channel, command, signal } = request;
  let ending: Ending | null = null;
  let written = false;
  let canceling = false;
  let lastKeepalive: Keepalive | null = null;
  let foreign = 0;
  const assembly = new Assembly(pipe.sizes.input);
  const timers = new Map<string, () => void>();
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const end = (how: Ending) => {
    if (ending !== null) return;
    ending = how;
    for (const stop of timers.values()) stop();
    offReport();
    offClosed();
    signal?.removeEventListener('abort', onAbort);
    finish();
  };
  const fail = (error: DoorstepError, outOfStep = true) => end({ kind: 'failed', error, outOfStep });
  const misbehaved = (detail: ErrorDetail) => fail(new DoorstepError('token.misbehaved', detail));
  const arm = (name: string, ms: number, run: () => void) => {
    timers.get(name)?.();
    timers.set(name, clock.after(ms, run));
  };
  const armSilence = () => {
    if (!canceling) arm('silence', request.silenceMs, () => fail(new DoorstepError('token.timeout')));
  };

  const onAbort = () => {
    if (!written || canceling || ending !== null) return;
    canceling = true;
    timers.get('silence')?.();
    // The answer may already be on its way: read on until it comes, never let go first (11.2.9.1.5).
    arm('cancel', limits.cancelMs, () => fail(new DoorstepError('token.canceled')));
    if (command === CTAPHID.cbor) {
      for (const report of encodeMessage(channel, CTAPHID.cancel, new Uint8Array(0), pipe.sizes.output)) {
        tally.sent++;
        pipe.write(report).catch(() => {});
      }
    }
  };

  const onHidError = (code: number | undefined) => {
    // Once the token has begun to work or to answer, sending again could do the thing twice.
    const begun = assembly.started || lastKeepalive !== null;
    switch (begun ? undefined : code) {
      case HID_ERROR.channelBusy:
      case HID_ERROR.lockRequired:
        return end({ kind: 'busy' });
      case HID_ERROR.invalidChannel:
        return end({ kind: 'lost' });
      case HID_ERROR.timeout:
        return end({ kind: 'resend' });
      default:
        return misbehaved({ reason: 'hid-error', hidError: code ?? -1 });
    }
  };

  const onPacket = (report: Uint8Array) => {
    const packet = parsePacket(report);
    if (packet === null || packet.channel !== channel) {
      tally.foreign++;
      foreign++;
      if (foreign > limits.foreignReports) misbehaved({ reason: 'flood' });
      return;
    }
    if (packet.kind === 'first' && packet.command === CTAPHID.keepalive && !assembly.started) {
      tally.keepalives++;
      if (packet.length > packet.data.length) return misbehaved({ reason: 'keepalive-length' });
      armSilence();
      const state: Keepalive = packet.data[0] === KEEPALIVE_TOUCH ? 'touch-needed' : 'processing';
      if (state !== lastKeepalive) request.onKeepalive?.(state);
      lastKeepalive = state;
      return;
    }
    tally.received++;
    if (packet.kind === 'first' && packet.command === CTAPHID.error) {
      return onHidError(packet.length === 0 ? undefined : packet.data[0]);
    }
    if (packet.kind === 'first' && packet.command !== command) return misbehaved({ reason: 'wrong-command', command: packet.command });
    if (!assembly.started) arm('assembly', limits.assemblyMs, () => fail(new DoorstepError('token.timeout', { reason: 'slow-answer' })));
    const step = assembly.push(packet);
    switch (step.kind) {
      case 'more':
        arm('gap', limits.gapMs, () => fail(new DoorstepError('token.timeout', { reason: 'cut-short' })));
        timers.get('silence')?.();
        return;
      case 'whole':
        return end({ kind: 'answer', payload: step.payload });
      case 'fault':
        return misbehaved({ reason: step.fault });
    }
  };

  const offReport = pipe.onReport((report) => {
    if (ending === null) onPacket(report);
  });
  const offClosed = pipe.onClosed((reason) => fail(reason, false));
  signal?.addEventListener('abort', onAbort, { once: true });
  arm('total', limits.totalMs, () => fail(new DoorstepError(lastKeepalive === 'touch-needed' ? 'token.not-touched' : 'token.timeout')));

  const send = async () => {
    // Tokens drop a message whose packets do not follow each other closely (100 ms on some), so nothing waits in between.
    for (const report of encodeMessage(channel, command, request.payload, pipe.sizes.output)) {
      if (ending !== null) return;
      arm('write', limits.writeMs, () => fail(new DoorstepError('token.timeout', { reason: 'write' })));
      tally.sent++;
      const write = pipe.write(report);
      await Promise.race([write, finished]);
      // An exchange that has ended otherwise leaves this write to itself; its failure is then no news.
      if (ending !== null) return void write.catch(() => {});
    }
    timers.get('write')?.();
    written = true;
    armSilence();
    if (signal?.aborted) onAbort();
  };
  return send()
    .catch((error: unknown) => fail(error instanceof DoorstepError ? error : new DoorstepError('token.gone', {}, { cause: error }), false))
    .then(() => finished)
    .then(() => ending ?? { kind: 'failed', error: new DoorstepError('internal'), outOfStep: true });
}
