/** What kind of key the virtual token is. Everything that getInfo tells, and how long the key waits. */
export interface Profile {
  /** 32 lower-case hex digits. */
  readonly aaguid: string;
  readonly ctap2: boolean;
  readonly u2f: boolean;
  /** CTAP2 versions to list; "U2F_V2" is added where `u2f` holds. */
  readonly versions: readonly string[];
  readonly wink: boolean;
  readonly extensions: readonly Extension[];
  readonly rk: boolean;
  readonly clientPin: boolean;
  readonly pinProtocols: readonly (1 | 2)[];
  /** Whether tokens carry permissions (CTAP 2.1); false is a CTAP 2.0 key that knows getPinToken alone. */
  readonly pinUvAuthToken: boolean;
  readonly noMcGaPermissionsWithClientPin: boolean;
  readonly credMgmt: Offer;
  /** A fingerprint sensor: `uv`, `bioEnroll` and authenticatorBioEnrollment. */
  readonly bio: Offer;
  readonly authnrCfg: boolean;
  readonly alwaysUv: 'unsupported' | 'off' | 'on';
  readonly makeCredUvNotRqd: boolean;
  readonly ep: boolean;
  readonly largeBlobs: boolean;
  /** COSE algorithm numbers: -7 ES256, -8 EdDSA. */
  readonly algorithms: readonly (-7 | -8)[];
  readonly attestation: 'packed' | 'self' | 'none';
  readonly maxMsgSize: number;
  /** null: not told, no limit. */
  readonly maxCredentialCountInList: number | null;
  readonly maxDiscoverable: number;
  readonly maxSerializedLargeBlobArray: number;
  readonly maxCredBlobLength: number;
  readonly maxRpIdsForSetMinPinLength: number;
  readonly minPinLength: number;
  readonly maxPinRetries: number;
  readonly maxTemplates: number;
  readonly samplesPerTemplate: number;
  readonly firmwareVersion: number;
  /** RP IDs that get enterprise attestation without the platform's list (CTAP 2.1, 7.1.2). */
  readonly enterpriseRpIds: readonly string[];
  readonly timings: Timings;
}

/** As its CTAP 2.1 command, as the prototype of CTAP 2.0 keys (FIDO_2_1_PRE), or as both, which many real keys do. */
export type Offer = 'none' | 'preview' | 'full' | 'both';

export type Extension = 'credBlob' | 'credProtect' | 'hmac-secret' | 'largeBlobKey' | 'minPinLength';

/** All in milliseconds. */
export interface Timings {
  readonly keepalive: number;
  /** Longest gap between two packets of one message. */
  readonly transaction: number;
  readonly touch: number;
  /** How long after power-up a reset is taken. */
  readonly resetWindow: number;
  /** How long a fresh pinUvAuthToken waits for its first use, and how long it lives at all (6.5.2.1). */
  readonly pinTokenInitial: number;
  readonly pinTokenMax: number;
  /** getNextAssertion and the enumerate...Next subcommands. */
  readonly stateful: number;
}

const timings: Timings = {
  keepalive: 100,
  transaction: 500,
  touch: 30_000,
  resetWindow: 10_000,
  pinTokenInitial: 30_000,
  pinTokenMax: 600_000,
  stateful: 30_000,
};

const full: Profile = {
  aaguid: 'd0057e90c0de4a7e9a5b000000000021',
  ctap2: true,
  u2f: true,
  versions: ['FIDO_2_0', 'FIDO_2_1_PRE', 'FIDO_2_1'],
  wink: true,
  extensions: ['credBlob', 'credProtect', 'hmac-secret', 'largeBlobKey', 'minPinLength'],
  rk: true,
  clientPin: true,
  pinProtocols: [2, 1],
  pinUvAuthToken: true,
  noMcGaPermissionsWithClientPin: false,
  credMgmt: 'both',
  bio: 'none',
  authnrCfg: true,
  alwaysUv: 'off',
  makeCredUvNotRqd: true,
  ep: true,
  largeBlobs: true,
  algorithms: [-7, -8],
  attestation: 'packed',
  maxMsgSize: 1200,
  maxCredentialCountInList: 8,
  maxDiscoverable: 25,
  maxSerializedLargeBlobArray: 1024,
  maxCredBlobLength: 32,
  maxRpIdsForSetMinPinLength: 4,
  minPinLength: 4,
  maxPinRetries: 8,
  maxTemplates: 3,
  samplesPerTemplate: 4,
  firmwareVersion: 0x0001_0000,
  enterpriseRpIds: ['enterprise.example'],
  timings,
};

/** The kinds of key that people really have. `profile('full', { ... })` changes single members. */
export const PROFILES = {
  /** A current CTAP 2.1 key with everything but a sensor. */
  full,
  /** A CTAP 2.0 key: PIN protocol one, getPinToken, credential management as the preview. */
  'fido2.0': {
    ...full,
    aaguid: 'd0057e90c0de4a7e9a5b000000000020',
    versions: ['FIDO_2_0', 'FIDO_2_1_PRE'],
    extensions: ['credProtect', 'hmac-secret'],
    pinProtocols: [1],
    pinUvAuthToken: false,
    credMgmt: 'preview',
    authnrCfg: false,
    alwaysUv: 'unsupported',
    makeCredUvNotRqd: false,
    ep: false,
    largeBlobs: false,
    algorithms: [-7],
  },
  /** Only CTAP1. */
  u2f: { ...full, ctap2: false, versions: [], wink: true },
  /** Wants user verification for everything. */
  'always-uv': { ...full, aaguid: 'd0057e90c0de4a7e9a5b0000000000a1', alwaysUv: 'on', makeCredUvNotRqd: false },
  /** With a fingerprint sensor. */
  bio: { ...full, aaguid: 'd0057e90c0de4a7e9a5b0000000000b1', bio: 'both' },
  /** Little room: one credential a list, small messages, two passkeys. */
  small: {
    ...full,
    aaguid: 'd0057e90c0de4a7e9a5b000000000051',
    maxMsgSize: 1024,
    maxCredentialCountInList: 1,
    maxDiscoverable: 2,
    algorithms: [-7],
  },
  /** CTAP2 with no PIN, no passkeys, no CTAP1. */
  plain: {
    ...full,
    aaguid: 'd0057e90c0de4a7e9a5b000000000001',
    u2f: false,
    versions: ['FIDO_2_0'],
    wink: false,
    extensions: [],
    rk: false,
    clientPin: false,
    pinProtocols: [],
    pinUvAuthToken: false,
    credMgmt: 'none',
    authnrCfg: false,
    alwaysUv: 'unsupported',
    ep: false,
    largeBlobs: false,
    attestation: 'self',
    maxCredentialCountInList: null,
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;

/** A named profile, with single members (and single timings) changed. */
export function profile(name: ProfileName, changes: Partial<Omit<Profile, 'timings'>> & { timings?: Partial<Timings> } = {}): Profile {
  return { ...PROFILES[name], ...changes, timings: { ...timings, ...changes.timings } };
}
