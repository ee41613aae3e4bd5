import { randomBytes } from 'node:crypto';
import { type Cbor, type CborMap, encodeCbor } from '../cbor.ts';
import { Status, StatusError } from '../status.ts';
import type { Body } from './body.ts';
import { optionalBytes, optionalCount, optionalFlag, optionalMap, optionalText, required } from './parameters.ts';
import { Permission } from './pin-uv-auth.ts';

const FINGERPRINT = 1;
const TOUCH_SENSOR = 1;
const MAX_NAME_BYTES = 32;
const DEFAULT_CAPTURE_MS = 10_000;

const SAMPLE_GOOD = 0x00;
const SAMPLE_NO_USER_ACTIVITY = 0x0d;

const BEGIN = 0x01;
const CAPTURE_NEXT = 0x02;
const CANCEL = 0x03;
const ENUMERATE = 0x04;
const SET_NAME = 0x05;
const REMOVE = 0x06;
const SENSOR_INFO = 0x07;

const NOTHING: CborMap = new Map();

/** authenticatorBioEnrollment (CTAP 2.1, 6.7) over the simulated sensor. */
export async function bioEnrollment(body: Body, request: CborMap, signal: AbortSignal): Promise<CborMap | null> {
  if (optionalFlag(request, 6) === true) return new Map<number, Cbor>([[1, FINGERPRINT]]);
  if (required(optionalCount(request, 1)) !== FINGERPRINT) throw new StatusError(Status.INVALID_PARAMETER);
  const subCommand = required(optionalCount(request, 2));
  const params = optionalMap(request, 3) ?? NOTHING;
  switch (subCommand) {
    case SENSOR_INFO:
      return new Map<number, Cbor>([
        [2, TOUCH_SENSOR],
        [3, body.profile.samplesPerTemplate],
        [8, MAX_NAME_BYTES],
      ]);
    case CANCEL:
      body.enrollment = null;
      return null;
    case BEGIN:
      authorize(body, request, subCommand);
      if (body.state.templates.length >= body.profile.maxTemplates) throw new StatusError(Status.FP_DATABASE_FULL);
      body.enrollment = { id: randomBytes(4), remaining: body.profile.samplesPerTemplate };
      return capture(body, body.enrollment, params, signal, true);
    case CAPTURE_NEXT: {
      authorize(body, request, subCommand);
      const enrollment = body.enrollment;
      if (enrollment === null || !required(optionalBytes(params, 1)).equals(enrollment.id)) {
        throw new StatusError(Status.INVALID_PARAMETER);
      }
      return capture(body, enrollment, params, signal, false);
    }
    case ENUMERATE:
      authorize(body, request, subCommand);
      if (body.state.templates.length === 0) throw new StatusError(Status.INVALID_OPTION);
      return new Map<number, Cbor>([
        [
          7,
          body.state.templates.map(
            ({ id, name }): CborMap =>
              new Map<number, Cbor>([
                [1, id],
                [2, name],
              ]),
          ),
        ],
      ]);
    case SET_NAME: {
      authorize(body, request, subCommand);
      const name = required(optionalText(params, 2));
      if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new StatusError(Status.INVALID_LENGTH);
      template(body, params).name = name;
      body.save();
      return null;
    }
    case REMOVE: {
      authorize(body, request, subCommand);
      const gone = template(body, params);
      body.state.templates = body.state.templates.filter((other) => other !== gone);
      body.save();
      return null;
    }
    default:
      throw new StatusError(Status.INVALID_SUBCOMMAND);
  }
}

/** The message is modality || subCommand || subCommandParams (6.7). */
function authorize(body: Body, request: CborMap, subCommand: number): void {
  const mac = optionalBytes(request, 5);
  if (mac === undefined) throw new StatusError(Status.PUAT_REQUIRED);
  const protocol = body.protocol(required(optionalCount(request, 4)));
  const params = optionalMap(request, 3);
  const message = Buffer.concat([Buffer.of(FINGERPRINT, subCommand), params === undefined ? Buffer.alloc(0) : encodeCbor(params)]);
  body.auth.check(protocol, message, mac, Permission.be, 'any');
}

function template(body: Body, params: CborMap): { readonly id: Buffer; name: string } {
  const id = required(optionalBytes(params, 1));
  const found = body.state.templates.find((each) => each.id.equals(id));
  if (found === undefined) throw new StatusError(Status.INVALID_OPTION);
  return found;
}

/** One sample: a touch, with the status that the sensor's script says. */
async function capture(
  body: Body,
  enrollment: NonNullable<Body['enrollment']>,
  params: CborMap,
  signal: AbortSignal,
  first: boolean,
): Promise<CborMap> {
  const timeout = optionalCount(params, 3) ?? DEFAULT_CAPTURE_MS;
  const outcome = await body.presence.wait(signal, timeout);
  if (outcome === 'canceled') {
    body.enrollment = null;
    throw new StatusError(Status.KEEPALIVE_CANCEL);
  }
  const status = outcome === 'timeout' ? SAMPLE_NO_USER_ACTIVITY : (body.sensor.samples.shift() ?? SAMPLE_GOOD);
  if (status === SAMPLE_GOOD) enrollment.remaining -= 1;
  if (enrollment.remaining === 0) {
    body.state.templates.push({ id: enrollment.id, name: '' });
    body.enrollment = null;
    body.save();
  }
  const response = new Map<number, Cbor>([
    [5, status],
    [6, enrollment.remaining],
  ]);
  return first ? response.set(4, enrollment.id) : response;
}
