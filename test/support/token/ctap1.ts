import { newPrivateKey, publicPoint, signWith } from './crypto/keys.ts';
import type { Body } from './ctap2/body.ts';
import { findCredential, wrapCredential } from './ctap2/credentials.ts';

/** Status words (FIDO U2F Raw Message Formats v1.2, section 3.3). */
const NO_ERROR = 0x9000;
const WRONG_LENGTH = 0x6700;
const CONDITIONS_NOT_SATISFIED = 0x6985;
const COMMAND_NOT_ALLOWED = 0x6986;
const WRONG_DATA = 0x6a80;
const INS_NOT_SUPPORTED = 0x6d00;
const CLA_NOT_SUPPORTED = 0x6e00;

const REGISTER = 0x01;
const AUTHENTICATE = 0x02;
const VERSION = 0x03;
const ENFORCE = 0x03;
const CHECK_ONLY = 0x07;
const DONT_ENFORCE = 0x08;

/** Answers one CTAP1 APDU (U2F Raw Message Formats v1.2): data and status word. */
export function runCtap1(body: Body, apdu: Uint8Array): Buffer {
  const bytes = Buffer.from(apdu);
  if (bytes.length < 4) return word(WRONG_LENGTH);
  if (bytes[0] !== 0) return word(CLA_NOT_SUPPORTED);
  // alwaysUv switches CTAP1 off, which knows no user verification (CTAP 2.1, 7.2.4).
  if (body.state.alwaysUv) return word(COMMAND_NOT_ALLOWED);
  const data = dataOf(bytes);
  if (data === null) return word(WRONG_LENGTH);
  switch (bytes[1]) {
    case REGISTER:
      return register(body, data);
    case AUTHENTICATE:
      return authenticate(body, bytes[2]!, data);
    case VERSION:
      return data.length === 0 ? ok(Buffer.from('U2F_V2')) : word(WRONG_LENGTH);
    default:
      return word(INS_NOT_SUPPORTED);
  }
}

/** The data of a short or extended APDU (ISO 7816-4); null where the lengths do not fit. */
function dataOf(apdu: Buffer): Buffer | null {
  const body = apdu.subarray(4);
  if (body.length <= 1) return Buffer.alloc(0);
  if (body[0] === 0) {
    if (body.length === 3) return Buffer.alloc(0);
    const length = body.readUInt16BE(1);
    const left = body.length - 3 - length;
    return left === 0 || left === 2 ? body.subarray(3, 3 + length) : null;
  }
  const length = body[0]!;
  const left = body.length - 1 - length;
  return left === 0 || left === 1 ? body.subarray(1, 1 + length) : null;
}

function register(body: Body, data: Buffer): Buffer {
  if (data.length !== 64) return word(WRONG_LENGTH);
  if (!body.presence.pollU2f()) return word(CONDITIONS_NOT_SATISFIED);
  const challenge = data.subarray(0, 32);
  const application = data.subarray(32);
  const privateKey = newPrivateKey(-7);
  const handle = wrapCredential(body, application, -7, 1, privateKey);
  const point = publicPoint(privateKey);
  const { attestation } = body.state;
  const signature = signWith(-7, attestation.privateKey, Buffer.concat([Buffer.of(0), application, challenge, handle, point]));
  return ok(Buffer.of(0x05), point, Buffer.of(handle.length), handle, attestation.u2fCertificate, signature);
}

function authenticate(body: Body, control: number, data: Buffer): Buffer {
  if (data.length < 65 || data.length !== 65 + data[64]!) return word(WRONG_LENGTH);
  const challenge = data.subarray(0, 32);
  const application = data.subarray(32, 64);
  const found = findCredential(body, application, data.subarray(65));
  // A credential that wants user verification, or another algorithm, is not there for CTAP1.
  if (found === null || found.algorithm !== -7 || found.credProtect === 3) return word(WRONG_DATA);
  if (control === CHECK_ONLY) return word(CONDITIONS_NOT_SATISFIED);
  if (control !== ENFORCE && control !== DONT_ENFORCE) return word(WRONG_DATA);
  const touched = control === ENFORCE;
  if (touched && !body.presence.pollU2f()) return word(CONDITIONS_NOT_SATISFIED);
  body.state.counter += 1;
  body.save();
  const head = Buffer.alloc(5);
  head[0] = touched ? 1 : 0;
  head.writeUInt32BE(body.state.counter, 1);
  return ok(head, signWith(-7, found.privateKey, Buffer.concat([application, head, challenge])));
}

function ok(...parts: Uint8Array[]): Buffer {
  return Buffer.concat([...parts, word(NO_ERROR)]);
}

function word(status: number): Buffer {
  return Buffer.of(status >> 8, status & 0xff);
}
