/** A program of Electron's with nothing in it but the app's notifier of the other systems, for a test to drive. */
import { app } from 'electron';
import { createElectronNotifier } from '../../../src/main/notify/electron.ts';
import type { Notifier } from '../../../src/main/notify/notifier.ts';

export interface NotifierProgram {
  readonly notifier: Notifier;
  /** What the notifier has told so far: the event, and of which request. */
  readonly told: string[];
}

const told: string[] = [];
const notifier = createElectronNotifier({
  onReview: (id) => told.push(`review ${id}`),
  onDeny: (id) => told.push(`deny ${id}`),
  onLack: (id, lack) => told.push(`${lack} ${id}`),
  onShown: (id) => told.push(`shown ${id}`),
});
const program: NotifierProgram = { notifier, told };
Object.assign(globalThis, { program });
app.setName('Doorstep');
