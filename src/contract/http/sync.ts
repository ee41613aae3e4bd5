/** How a desktop and its backend keep agreeing: greeting, snapshots, and changes that were made offline. */
import { type Static, Type } from 'typebox';
import { AuthenticatorName, BackendKey, DeviceSnapshot, Id, Instant } from './shapes.ts';

const closed = { additionalProperties: false };

/**
 * Each connection begins with a greeting. The backend names a new generation, the device keeps it beside its key and
 * shows it from then on, in each signature (`gen`) and in the next greeting. Whoever shows an older one is a copy of the
 * key: `device.copied`. The generation before stays good until the new one has been shown, so that a crash between the
 * two loses nothing.
 */
export const DeviceHello = Type.Object({ appVersion: Type.String({ maxLength: 32 }), platform: Type.String({ maxLength: 32 }) }, closed);
export const DeviceWelcome = Type.Object(
  {
    generation: Id,
    snapshot: DeviceSnapshot,
    backendKey: Type.Optional(BackendKey),
    /** A signed `WelcomeStatement`. */
    statement: Type.Optional(Type.String({ maxLength: 1024 })),
  },
  closed,
);
export type DeviceWelcome = Static<typeof DeviceWelcome>;

/** `?since=VERSION`: the first event is left out where the snapshot still has this version. Each event is a `DeviceSnapshot`. */
export const EventsQuery = Type.Object({ since: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })) }, closed);

/**
 * A change that was made at a desktop, perhaps while it was offline. `key` makes it idempotent: the same key is done
 * once, and answered the same ever after.
 *
 * Merging: of two names, and of two first choices, the one that was made later stands (`madeAt`, never later than the
 * backend's now; of two of one desktop the one that comes later, whatever the clocks say, so a desktop sends them in order);
 * a removal wins over everything; a change of something that was removed is `gone`.
 */
export const DeviceChange = Type.Object(
  {
    key: Id,
    madeAt: Instant,
    authenticatorId: Id,
    change: Type.Union([
      Type.Object({ kind: Type.Literal('rename'), name: AuthenticatorName }, closed),
      Type.Object({ kind: Type.Literal('prefer') }, closed),
      Type.Object({ kind: Type.Literal('remove') }, closed),
    ]),
  },
  closed,
);
export type DeviceChange = Static<typeof DeviceChange>;
export const DeviceChanges = Type.Object({ changes: Type.Array(DeviceChange, { minItems: 1, maxItems: 64 }) }, closed);

export const ChangeResult = Type.Object(
  {
    key: Id,
    outcome: Type.Union([Type.Literal('done'), Type.Literal('superseded'), Type.Literal('gone'), Type.Literal('refused')]),
    /** Error code of a refusal, such as `authenticator.last-way`; else null. */
    code: Type.Union([Type.String(), Type.Null()]),
  },
  closed,
);
export type ChangeResult = Static<typeof ChangeResult>;
export const ChangeResults = Type.Object({ results: Type.Array(ChangeResult), snapshot: DeviceSnapshot }, closed);
export type ChangeResults = Static<typeof ChangeResults>;

/**
 * How much a removed computer forgets at its next contact: 'everything' for a lost one, codes of other sites included;
 * 'doorstep' for one that the person still has.
 */
export const RemovalWipe = Type.Union([Type.Literal('everything'), Type.Literal('doorstep')]);
export type RemovalWipe = Static<typeof RemovalWipe>;
export const RemoveAuthenticatorQuery = Type.Object({ wipe: Type.Optional(RemovalWipe) }, closed);

/**
 * What the backend proves: a compact JWS (RFC 7515) with `EdDSA` (RFC 8037) under the backend's key, header `typ` as below.
 * Whoever holds the port of a backend that is down could say anything; a computer forgets nothing on such a word, and takes
 * no generation from it, because the true backend would then take it for a copy.
 *
 * That a computer is not connected any more stands beside the problem, in its fact `statement`. An end is for good, so its
 * statement holds for ever. A welcome holds for a computer that shows the generation `after`.
 */
export const WELCOME_STATEMENT_TYPE = 'doorstep-welcome+jwt';
export const WelcomeStatement = Type.Object({ sub: Id, after: Type.Union([Id, Type.Null()]), generation: Id }, closed);
export type WelcomeStatement = Static<typeof WelcomeStatement>;

export const END_STATEMENT_TYPE = 'doorstep-end+jwt';
const END_CODES = ['device.removed', 'device.copied', 'device.unknown'] as const;
export type EndCode = (typeof END_CODES)[number];
export function isEndCode(code: string): code is EndCode {
  return END_CODES.some((one) => one === code);
}
export const EndStatement = Type.Object(
  {
    /** Id of the computer. */
    sub: Id,
    code: Type.Union([Type.Literal('device.removed'), Type.Literal('device.copied'), Type.Literal('device.unknown')]),
    wipe: RemovalWipe,
  },
  closed,
);
export type EndStatement = Static<typeof EndStatement>;
