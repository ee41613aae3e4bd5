/**
 * The one door between the windows and the main process, and the only user of ipcMain. A request passes when
 * its channel is known, it comes from our own origin and the top frame of a window of ours that is there for
 * it, and its payload fits the contract's schema. Everything else is refused and logged; when unsure, refused.
 */
import { type IpcMainInvokeEvent, ipcMain, type WebContents } from 'electron';
import { DoorstepError, failure, type Outcome } from '../../contract/errors.ts';
import {
  type AppState,
  IPC_INVOKE,
  IPC_REQUESTS,
  IPC_STATE,
  type IpcAnswers,
  type IpcChannel,
  type IpcRequest,
} from '../../contract/ipc.ts';
import { parseStrict } from '../../contract/parse.ts';
import type { Log } from '../app/log.ts';

/** What answers each channel. */
export type Commands = { readonly [C in IpcChannel]: (request: IpcRequest<C>) => Promise<IpcAnswers[C]> };

export interface DoorOptions {
  readonly commands: Commands;
  readonly log: Log;
  /** Origin of our windows, such as `app://doorstep`. */
  readonly origin: string;
  /** What these web contents may ask for: those of a window of ours, and each only what it is there for. Null: nothing. */
  readonly channels: (contents: WebContents) => readonly IpcChannel[] | 'all' | null;
  /** Pushes the state as it is now, so that a window that gets its answer has already seen what came of it. */
  readonly tellState: () => void;
}

/** Opens the door. @returns what closes it again */
export function openDoor(options: DoorOptions): () => void {
  ipcMain.handle(IPC_INVOKE, (event, channel: unknown, request: unknown) => passThrough(options, event, channel, request));
  return () => ipcMain.removeHandler(IPC_INVOKE);
}

/** Pushes the state to a window, if it still shows our own page. */
export function pushState(contents: WebContents, origin: string, state: AppState): void {
  if (contents.isDestroyed() || contents.isCrashed() || originOf(contents.mainFrame.url) !== origin) return;
  contents.send(IPC_STATE, state);
}

/** The part of Electron's event that is judged. `senderFrame` is null for a frame that has gone meanwhile. */
export type DoorEvent = Pick<IpcMainInvokeEvent, 'sender' | 'senderFrame'>;

/** Judges one request and has it answered. Never rejects. */
export async function passThrough(options: DoorOptions, event: DoorEvent, channel: unknown, request: unknown): Promise<Outcome<unknown>> {
  const refusal = judge(options, event, channel, request);
  if (refusal !== null) {
    options.log.warn('door.refused', { because: refusal, channel: isKnown(channel) ? channel : 'unknown' });
    return failure(new DoorstepError('ipc.refused'));
  }
  try {
    const value = await answer(options.commands, channel as IpcChannel, request);
    options.tellState();
    return { ok: true, value };
  } catch (error) {
    options.tellState();
    const outcome = failure(error);
    if (!outcome.ok) options.log.info('door.failed', { channel: channel as IpcChannel, code: outcome.code });
    // The stack of an error that is not ours says where to mend it; its message could quote what a person typed.
    if (!(error instanceof DoorstepError)) options.log.error('door.defect', { at: firstFrame(error) });
    return outcome;
  }
}

/** Why a request is refused, or null. */
function judge({ origin, channels }: DoorOptions, event: DoorEvent, channel: unknown, request: unknown): string | null {
  const frame = event.senderFrame;
  const may = channels(event.sender);
  if (may === null) return 'not our window';
  if (frame === null || frame === undefined) return 'no frame';
  if (frame.parent !== null || frame !== event.sender.mainFrame) return 'not the top frame';
  if (originOf(frame.url) !== origin) return 'other origin';
  if (!isKnown(channel)) return 'unknown channel';
  if (may !== 'all' && !may.includes(channel)) return 'not for this window';
  if (parseStrict(IPC_REQUESTS[channel], request) === null) return 'payload';
  return null;
}

function isKnown(channel: unknown): channel is IpcChannel {
  return typeof channel === 'string' && Object.hasOwn(IPC_REQUESTS, channel);
}

function answer<C extends IpcChannel>(commands: Commands, channel: C, request: unknown): Promise<IpcAnswers[C]> {
  return commands[channel](request as IpcRequest<C>);
}

/** Scheme and host. `URL.origin` is the word "null" for schemes that Node does not know, so it is put together here. */
function originOf(address: string): string {
  try {
    const { protocol, host } = new URL(address);
    return `${protocol}//${host}`;
  } catch {
    return '';
  }
}

function firstFrame(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return (
    stack
      .split('\n')
      .find((line) => line.trimStart().startsWith('at '))
      ?.trim() ?? 'unknown'
  );
}
