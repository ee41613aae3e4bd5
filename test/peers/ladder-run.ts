/**
 * Runs in a process of its own, because node-hid can abort one: Doorstep's host on the first USB token that the
 * operating system lists, under the shim or on a real kernel. Prints JSON lines. After "verified" it waits for a
 * line, from which on nobody should touch the token; after "waiting" the token should be pulled out.
 */
import { createInterface } from 'node:readline';
import { usbSource } from '../../src/device/index.ts';
import { creationOptions, ORIGIN, requestOptions } from './ceremonies.ts';
import { Ladder } from './ladder.ts';

const say = (step: string, value: unknown): void => console.log(JSON.stringify({ step, value }));

const host = new Ladder(usbSource());
host.pin = '2468';
const token = await host.ready();
say('token', token);

const creation = creationOptions('discouraged');
const registered = await host.answer('register', { origin: ORIGIN, options: creation });
say('registered', { challenge: creation.challenge, credential: registered.credential });

const request = requestOptions(registered.credential.id, 'discouraged');
const asserted = await host.answer('assert', { origin: ORIGIN, options: request });
say('asserted', { challenge: request.challenge, credential: asserted.credential });

say('pin', (await host.answer('setPin', { tokenId: token.id })).pin);
const verified = requestOptions(registered.credential.id, 'required');
const withPin = await host.answer('assert', { origin: ORIGIN, options: verified });
say('verified', { challenge: verified.challenge, credential: withPin.credential });

// The touch script changes now: only then the last call.
await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();
const pending = host.call('assert', {
  origin: ORIGIN,
  options: requestOptions(registered.credential.id, 'discouraged'),
  tokenId: token.id,
});
say('waiting', null);
const outcome = await pending;
const left = await host.until((tokens) => tokens.length === 0);
say('gone', { outcome: outcome.ok ? 'ok' : outcome.code, left: left.length });
await host.stop();
process.exit(0);
