/** How wrong this computer's clock is, measured against the backend's answers. */

export interface ServerClock {
  /** The backend's time as far as it is known, whole seconds since 1970. */
  seconds(): number;
  /** The same in milliseconds, which are no more exact than the measure was. */
  milliseconds(): number;
  /** Clock of this computer minus that of the backend, seconds; null before the first contact. */
  skew(): number | null;
  /** Takes a measure: `serverTime` was read between the local times `sent` and `received`. All in milliseconds. */
  measure(serverTime: number, sent: number, received: number): void;
}

/** What a Date header's whole seconds can hide; smaller differences are no skew. */
const NOISE = 2_000;
/** A measure whose round trip took longer than this says too little. */
const SLOWEST_ROUND_TRIP = 10_000;

/** A clock over `now` (milliseconds since 1970). `onSkew` hears each change, in whole seconds. */
export function createServerClock(now: () => number, onSkew: (seconds: number) => void): ServerClock {
  let skew: number | null = null;
  return {
    milliseconds: () => now() - (skew ?? 0),
    seconds: () => Math.floor((now() - (skew ?? 0)) / 1000),
    skew: () => (skew === null ? null : Math.round(skew / 1000)),
    measure(serverTime, sent, received) {
      if (!Number.isFinite(serverTime) || received - sent > SLOWEST_ROUND_TRIP || received < sent) return;
      const found = (sent + received) / 2 - serverTime;
      // Anywhere on its way the answer may have waited.
      const unsure = NOISE + (received - sent) / 2;
      const next = Math.abs(found) < unsure ? 0 : found;
      if (skew !== null && Math.abs(next - skew) < unsure) return;
      skew = next;
      onSkew(Math.round(next / 1000));
    },
  };
}
