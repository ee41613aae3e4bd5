import { profile, VirtualToken } from '../support/token/index.ts';
import { countPackets, Libfido2 } from './libfido2.ts';

/** 64-byte reports both ways, keepalives left out, from opening the token to the answer. */
export interface PacketsOf {
  readonly registration: number;
  readonly registrationWithPin: number;
  readonly assertion: number;
  readonly assertionWithPin: number;
}

export const PIN = '2468';

/** What libfido2's tools exchange on a token of this kind, measured now. */
export async function libfido2Packets(kind: 'full' | 'fido2.0' = 'full'): Promise<PacketsOf> {
  const token = new VirtualToken({ profile: profile(kind) });
  const peer = await Libfido2.on(token);
  const uv = kind !== 'fido2.0';
  try {
    let made = '';
    const registration = await countPackets(token, async () => {
      made = await peer.makeCredential();
    });
    const { id } = await peer.verifyCredential(made);
    const assertion = await countPackets(token, () => peer.getAssertion({ id }));
    await peer.succeed('fido2-token', ['-S', peer.path], [PIN, PIN]);
    const registrationWithPin = await countPackets(token, () => peer.makeCredential({ pin: PIN, uv }));
    const assertionWithPin = await countPackets(token, () => peer.getAssertion({ id, pin: PIN, uv }));
    return { registration, registrationWithPin, assertion, assertionWithPin };
  } finally {
    await peer.close();
  }
}
