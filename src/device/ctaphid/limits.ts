/** How long and how much a token may take. Milliseconds, unless said otherwise. */
export interface Limits {
  /** One output report may take this long to leave. */
  readonly writeMs: number;
  /** INIT must be answered within this; nobody has to touch anything for it. */
  readonly initMs: number;
  /** Silence between keepalives, or before the answer where there are none. */
  readonly silenceMs: number;
  /** The longest a call may take although keepalives go on. */
  readonly totalMs: number;
  /** From the first report of an answer to its last. */
  readonly assemblyMs: number;
  /** Between two reports of one answer. */
  readonly gapMs: number;
  /** What the token may take to end after CANCEL. */
  readonly cancelMs: number;
  /** How long CHANNEL_BUSY is waited out, and the pause between two tries. */
  readonly busyMs: number;
  readonly busyPauseMs: number;
  /** Reports of other channels that one exchange looks away from (a count). */
  readonly foreignReports: number;
}

/**
 * Touch time-outs of tokens are about 30 s, so that 60 s of silence and 150 s in all cut nobody off;
 * answers themselves come within milliseconds a report.
 */
export const LIMITS: Limits = {
  writeMs: 6_000,
  initMs: 3_000,
  silenceMs: 60_000,
  totalMs: 150_000,
  assemblyMs: 10_000,
  gapMs: 3_000,
  cancelMs: 2_000,
  busyMs: 10_000,
  busyPauseMs: 100,
  foreignReports: 20_000,
};
