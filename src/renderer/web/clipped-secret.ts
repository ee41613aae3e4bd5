/** A secret on the clipboard of the person's browser: taken off again where the page may look at what is there. */

/** Milliseconds that it stays. */
const LIFE = 30_000;

let clipped: string | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * 'clears': it is taken off after half a minute, unless something else is there by then. 'stays': the browser does not
 * let the page look, and what the person copied since must not be lost. 'refused': it was not copied.
 */
export async function clipSecret(text: string): Promise<'clears' | 'stays' | 'refused'> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return 'refused';
  }
  clearTimeout(timer);
  clipped = null;
  if (!(await mayLook())) return 'stays';
  clipped = text;
  timer = setTimeout(() => void takeOff(), LIFE);
  return 'clears';
}

/** Whether the page may look without asking: a question half a minute later would be nobody's wish. */
async function mayLook(): Promise<boolean> {
  try {
    // The name is in no standard list of names: browsers that do not know it throw.
    return (await navigator.permissions.query({ name: 'clipboard-read' as PermissionName })).state === 'granted';
  } catch {
    return false;
  }
}

async function takeOff(): Promise<void> {
  // Only the page that the person is at may look.
  if (!document.hasFocus()) {
    window.addEventListener('focus', () => void takeOff(), { once: true });
    return;
  }
  const secret = clipped;
  clipped = null;
  if (secret === null) return;
  try {
    const there = await navigator.clipboard.readText();
    if (there.replaceAll('\r\n', '\n') === secret) await navigator.clipboard.writeText('');
  } catch {
    // The person has taken the permission back meanwhile.
  }
}
