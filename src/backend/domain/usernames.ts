/**
 * One form of a user name for look-up and for limits, so that no variant of case, width, spacing or
 * composition escapes a limit or makes a second identity (CVE-2025-6004, CVE-2025-6013).
 *
 * NFKC, invisible characters and all white space away, lower case, NFKC again: lower case can undo the form.
 */
export function usernameKey(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}]/gu, '')
    .toLowerCase()
    .normalize('NFKC');
}
