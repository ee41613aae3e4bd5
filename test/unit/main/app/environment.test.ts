import { expect, test } from 'vitest';
import { NO_ENVIRONMENT, takeEnvironment } from '../../../../src/main/app/environment.ts';

const full = () => ({
  PATH: '/usr/bin',
  DOORSTEP_DATA: '/data',
  DOORSTEP_SERVER: 'http://localhost:7410',
  DOORSTEP_PAIRING_CODE: 'KTRW-4N7X',
  DOORSTEP_PAIRING_STDIN: '1',
  DOORSTEP_PRACTICE_SOCKET: '/s',
  DOORSTEP_PRACTICE_CONTROL: '/c',
});

test('a run from source is told through the environment, and nothing of it stays there', () => {
  const env: Record<string, string | undefined> = full();
  expect(takeEnvironment(env, false)).toEqual({
    dataFolder: '/data',
    server: 'http://localhost:7410',
    pairingCode: 'KTRW-4N7X',
    pairingCodeFromStdin: true,
    practice: { socket: '/s', control: '/c' },
  });
  expect(env).toEqual({ PATH: '/usr/bin' });
});

test('a packaged app believes nothing of it, and deletes it all the same', () => {
  const env: Record<string, string | undefined> = full();
  expect(takeEnvironment(env, true)).toEqual(NO_ENVIRONMENT);
  expect(env).toEqual({ PATH: '/usr/bin' });
});

test('half a practice key is none', () => {
  expect(takeEnvironment({ DOORSTEP_PRACTICE_SOCKET: '/s' }, false).practice).toBeNull();
});
