import { expect, test } from 'vitest';
import { createLog, redact } from '../../../../src/main/app/log.ts';

test('a field whose name could hold a secret is never written', () => {
  const clean = redact({
    pin: '1234',
    pairingCode: 'KTRW4N7X',
    deviceSecret: 's',
    newPin: '5',
    privateKey: 'k',
    cookie: 'c',
    signature: 'x',
  });
  expect(new Set(Object.values(clean))).toEqual(new Set(['[redacted]']));
});

test('an error code stays readable, and long text is cut', () => {
  const clean = redact({ code: 'token.gone', exitCode: 6, reason: 'x'.repeat(1000), nothing: undefined });
  expect(clean).toEqual({ code: 'token.gone', exitCode: 6, reason: `${'x'.repeat(300)}…` });
});

test('a line is one JSON object, whatever the text holds', () => {
  const lines: string[] = [];
  createLog(
    (line) => lines.push(line),
    () => 0,
  ).warn('door.refused', { channel: 'a\nb' });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.split('\n')).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? '')).toEqual({ time: '1970-01-01T00:00:00.000Z', level: 'warn', event: 'door.refused', channel: 'a\nb' });
});
