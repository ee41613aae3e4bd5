import { about, count, digits } from './amounts.ts';

/** What parts say by themselves. */
export const ui = {
  show: 'Show',
  showOf: ({ label }: { label: string }) => `Show: ${label}`,
  hideOf: ({ label }: { label: string }) => `Hide: ${label}`,
  hide: 'Hide',
  cancel: 'Cancel',
  close: 'Close',
  save: 'Save',
  goOn: 'Go on',
  tryAgain: 'Try again',
  checking: 'Checking…',
  working: 'Working…',
  copy: 'Copy',
  notCopied: 'This window may not copy. Mark the code and copy it yourself.',
  closeMessage: 'Close this message',
  stepOf: ({ step, of }: { step: number; of: number }) => `Step ${step} of ${of}`,
  stepDone: ', done',
  moreFor: ({ name }: { name: string }) => `More for ${name}`,
  opening: 'Opening…',
};

/** Days and times. */
export const when = {
  today: 'today',
  yesterday: 'yesterday',
  atTime: ({ day, time }: { day: string; time: string }) => `${day} at ${time}`,
  about,
};

/** Ways to sign in, wherever they are listed. */
export const ways = {
  kind: {
    'security-key': 'Security key',
    desktop: 'Doorstep on a computer',
    totp: 'Shows codes',
    hotp: 'Shows codes when asked',
    'recovery-codes': 'Spare codes',
  },
  count: ({ ways }: { ways: number }) => count(ways, 'way', 'ways'),
  firstChoice: 'First choice',
  makeFirstChoice: 'Make first choice',
  makeFirstChoiceOf: ({ name }: { name: string }) => `Make first choice: ${name}`,
  rename: 'Rename',
  remove: 'Remove',
  stopped: 'Stopped',
  notReady: 'Not ready',
  about: (facts: { kind: string; model: string | null; added: string; used: string | null; from: string | null }) => {
    const kind = facts.model === null ? facts.kind : `${facts.kind}, ${facts.model}`;
    const place = facts.from === null ? '' : ` from ${facts.from}`;
    return `${kind}. Added ${facts.added}. ${facts.used === null ? 'Not used yet' : `Last used ${facts.used}${place}`}.`;
  },
  unverified: 'maker unverified',
  renameTitle: ({ name }: { name: string }) => `Rename ${name}`,
  nameLabel: 'Name',
  nameHint: 'Something you know it by, such as its colour.',
  nameMissing: 'Give it a name.',
  renamed: ({ name }: { name: string }) => `It is called ${name} now.`,
  preferred: ({ name }: { name: string }) => `${name} is your first choice now.`,
  removeTitle: ({ name }: { name: string }) => `Remove ${name}?`,
  removeText: ({ left }: { left: number }) =>
    `It stops working at once. You keep ${count(left, 'way', 'ways')} to sign in. Adding it again takes the key in your hand.`,
  removeCodesText: ({ left }: { left: number }) => `Its codes stop working at once. You keep ${count(left, 'way', 'ways')} to sign in.`,
  removeComputerText:
    'That computer is disconnected at once, and the codes that it gives for signing in here stop. To use it again, connect it with a new code.',
  removeSheetText: 'Every code on the sheet stops working at once. Print a new set when you want one.',
  where: 'Where is that computer?',
  whereChoices: [
    { label: 'It is lost or stolen', note: 'It deletes every code that it keeps, at its next contact.' },
    { label: 'I still have it', note: 'It forgets how to sign you in. Codes of other sites stay on it.' },
  ],
  whereMissing: 'Say first where it is.',
  because: {
    'too-many-failures': 'Stopped after too many wrong codes. Ask the help desk.',
    copied: 'Stopped: a copy of it was used. The help desk knows.',
    desk: 'Stopped by the help desk.',
  },
  spareLeft: ({ left }: { left: number }) => `${left} left.`,
  removeAction: ({ name }: { name: string }) => `Remove ${name}`,
  keep: 'Keep it',
  removed: ({ name }: { name: string }) => `${name} is removed.`,
  lastTitle: ({ name }: { name: string }) => `${name} stays for now`,
  lastText: 'This is your last way in. Add another first.',
  defaultFirst: 'My key',
  defaultSpare: 'Spare key',
  defaultMore: ({ number }: { number: number }) => `Key ${number}`,
};

/** The PIN of a key. */
export const pin = {
  label: 'PIN of this key',
  newLabel: 'New PIN',
  againLabel: 'New PIN again',
  set: 'Set this PIN',
  empty: 'Type the PIN of this key.',
  rule: ({ minLength }: { minLength: number }) => `${minLength} digits or more. Letters work too.`,
  short: ({ minLength, typed }: { minLength: number; typed: number }) => `This key wants ${minLength} digits or more. You typed ${typed}.`,
  long: 'This PIN is too long for a key. Choose a shorter one.',
  differs: 'The two are not the same. Type the new PIN again.',
  wrong: ({ retries }: { retries: number }) => `Wrong PIN. ${digits(retries, 'try', 'tries')} left, then the key must be wiped.`,
  triesLeft: ({ retries }: { retries: number }) => `${digits(retries, 'try', 'tries')} left.`,
};
