import { expect, it } from 'vitest';
import { plug, VirtualToken } from '../support/token/index.ts';
import { checkSteps } from './ladder-check.ts';
import { runLadder } from './ladder-parent.ts';

it('our host registers, asserts, sets a PIN and survives an unplug through unmodified node-hid under the shim', async () => {
  const token = new VirtualToken();
  const device = await plug(token, { product: 'Ladder key', serial: 'L-1' });
  const steps = await runLadder(token, device.env);
  await device.unplug();
  expect(steps['token']).toMatchObject({
    product: 'Ladder key',
    serial: 'L-1',
    manufacturer: 'Doorstep',
    source: 'usb',
    protocol: 'fido2',
  });
  await checkSteps(steps);
});
