/** Time-based one-time passwords (RFC 6238): HOTP whose counter is the number of time steps since 1970. */
import type { Form } from './form.ts';
import { hotp } from './hotp.ts';

/** The time step of an instant (RFC 6238, 4.2; T0 is 0). `milliseconds` since 1970, `period` in seconds. */
export function stepAt(milliseconds: number, period: number): number {
  return Math.max(0, Math.floor(milliseconds / (period * 1000)));
}

/** When a step begins, milliseconds since 1970; it ends where the next one begins. */
export function stepStart(step: number, period: number): number {
  return step * period * 1000;
}

/** The code of the step in which `milliseconds` (since 1970) lies. `period` in seconds. */
export function totp(key: Uint8Array, milliseconds: number, form: Form & { readonly period: number }): string {
  return hotp(key, stepAt(milliseconds, form.period), form);
}
