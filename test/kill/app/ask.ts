/** What a window of the app asks main. */
import type { Outcome } from '../../../src/contract/errors.ts';
import type { IpcAnswers, IpcChannel, IpcRequest } from '../../../src/contract/ipc.ts';
import type { DoorstepApp } from '../../support/desktop/doorstep.ts';

function invoke(doorstep: DoorstepApp, channel: IpcChannel, request: unknown): Promise<Outcome<unknown>> {
  return doorstep.window.evaluate(
    ([name, body]) => (window.doorstep!.invoke as (channel: string, request: unknown) => Promise<Outcome<unknown>>)(name, body),
    [channel, request] as const,
  );
}

/** The app said no: it is not gone. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

export async function ask<C extends IpcChannel>(doorstep: DoorstepApp, channel: C, request: IpcRequest<C>): Promise<IpcAnswers[C]> {
  const outcome = await invoke(doorstep, channel, request);
  if (!outcome.ok) throw new Refused(`${channel} failed: ${outcome.code} ${JSON.stringify(outcome.detail)}`);
  return outcome.value as IpcAnswers[C];
}

/** 'ok', or the error code that the window gets. */
export async function tryTo<C extends IpcChannel>(doorstep: DoorstepApp, channel: C, request: IpcRequest<C>): Promise<string> {
  const outcome = await invoke(doorstep, channel, request);
  return outcome.ok ? 'ok' : outcome.code;
}
