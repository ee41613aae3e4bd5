/** The virtual authenticator's door. */
export { pem } from './attestation.ts';
export { BUS_VARIABLE, type Bus, createBus, FIDO_REPORT_DESCRIPTOR, type PluggedToken, type UsbIdentity } from './bus.ts';
export { type Clock, realClock } from './clock.ts';
export { type CborFault, FAULTS, type Fault, type ScriptedFault } from './faults.ts';
export { plug } from './plug.ts';
export type { TouchScript } from './presence.ts';
export { type Extension, PROFILES, type Profile, type ProfileName, profile, type Timings } from './profile.ts';
export { serveToken, type TokenServer } from './server.ts';
export { loadState, type StoredCredential, saveState, type TokenState } from './state.ts';
export { type PacketCounts, type TokenOptions, VirtualToken } from './token.ts';
