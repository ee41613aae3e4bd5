import { count, digits } from './amounts.ts';

interface Named {
  readonly name: string;
}
interface Of {
  readonly organization: string;
}

/** "1", "1 and 3", "1, 2 and 4". */
function listed(parts: readonly number[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? String(last) : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

/** The codes that the app keeps. */
export const codes = {
  title: 'Codes',
  list: 'Your codes',
  unnamed: 'No name',
  add: 'Add a code',
  find: 'Find a code',
  noneFound: 'No code has that name.',
  emptyTitle: 'No codes yet',
  emptyText: 'Add a code when a site shows you a square picture or a long secret.',
  /** Text, and keys that are pressed together. */
  hint: [
    'Copied codes are cleared after 30 seconds. Press',
    ['Ctrl', 'F'],
    'to find,',
    ['Enter'],
    'to copy,',
    ['Alt'],
    'with an arrow to move.',
  ] as readonly (string | readonly string[])[],
  left: ({ seconds }: { seconds: number }) => `${digits(seconds, 'second', 'seconds')} left`,
  lives: ({ seconds }: { seconds: number }) => `A new code every ${digits(seconds, 'second', 'seconds')}`,
  next: 'Next:',
  show: 'Show a code',
  showOf: ({ name }: Named) => `Show a code: ${name}`,
  nextCode: 'New code',
  nextOf: ({ name }: Named) => `New code: ${name}`,
  hotpText: 'Gives a new code each time you ask',
  copyOf: ({ name }: Named) => `Copy the code for ${name}`,
  copied: ({ name, seconds }: Named & { seconds: number }) =>
    `Code for ${name} copied. Cleared in ${digits(seconds, 'second', 'seconds')}.`,
  up: 'Move up',
  down: 'Move down',
  moved: ({ name, place }: Named & { place: number }) => `${name} is at place ${place} now.`,
  closed: 'Waits for the keychain',
  notRead: 'Not read',
  gone: 'Gone',
  goneText: 'Its secret is not in the keychain any more. Remove it, then add it again from the site.',
  nameHint: 'Something you know it by.',
  viewfinder: { text: 'Move this frame over the square picture.', more: 'It is read by itself.' },

  removeTitle: ({ name }: Named) => `Remove the code for ${name}?`,
  removeText: ({ name }: Named) => `Its secret is deleted here. Switch codes off at ${name} first, or you may not get in there.`,
  removeOwnText: 'You cannot sign in with its codes any more. It goes from your security page too.',
  removeGoneText: 'It gives no codes any more.',
  removed: ({ name }: Named) => `The code for ${name} is removed.`,
  removedText: ({ time }: { time: string }) => `You can bring it back until ${time}.`,
  restore: 'Bring it back',
  restored: ({ name }: Named) => `The code for ${name} is back.`,

  elsewhere: 'Codes that are shown elsewhere',
  elsewhereText: 'Its codes are on the token’s own screen or on another computer.',
  elsewhereTag: 'Not here',

  ownTitle: ({ organization }: Of) => `Codes for ${organization}`,
  ownText: ({ organization }: Of) => `Doorstep can show codes for signing in to ${organization} too. They work without a connection.`,
  ownButton: 'Show codes here',
  ownDialogText: ({ organization }: Of) =>
    `From then on you can sign in to ${organization} with a code from this computer. Give it a name that you know it by.`,
  ownName: 'Name of these codes',
  ownProposed: ({ computer }: { computer: string | null }) =>
    (computer === null ? 'Codes in Doorstep' : `Codes on ${computer}`).slice(0, 64),
  ownAdded: 'Your codes are ready. You can sign in with them now.',

  addText: 'A site that wants codes shows a square picture, a link or a long secret. Where is it?',
  morePartsText: 'Show the missing part now. Where is it?',
  sourcesLabel: 'Where the code comes from',
  looking: 'Looking…',
  sources: {
    clipboard: { name: 'On the clipboard', note: 'You copied the picture or the link' },
    screen: { name: 'On the screen', note: 'Doorstep looks for the square picture once' },
    region: { name: 'In a part of the screen', note: 'You put a frame round the picture' },
    file: { name: 'In a picture file', note: 'PNG or JPEG' },
    link: { name: 'Type or paste a link', note: 'It starts with otpauth' },
    typed: { name: 'Type the secret', note: 'Letters and digits that the site shows' },
  },
  back: 'Back',
  link: 'Link',
  linkHint: 'It starts with otpauth:// or otpauth-migration://.',
  linkMissing: 'Paste the link of the site.',
  issuer: 'Site',
  issuerHint: 'Such as Library.',
  issuerMissing: 'Type the name of the site.',
  account: 'Your name there',
  accountHint: 'You can leave it empty.',
  secret: 'Secret',
  secretHint: 'Spaces and capitals do not matter.',
  secretMissing: 'Type the secret that the site shows.',
  more: 'More about these codes',
  kindQuestion: 'When does a new code come?',
  kinds: {
    totp: { label: 'By itself, after some seconds', note: 'Nearly every site' },
    hotp: { label: 'Each time I ask', note: 'The site calls it HOTP or counter-based' },
  },
  period: 'Seconds that a code lives',
  periodHint: 'Nearly always 30.',
  periodBad: 'Type a number from 15 to 120.',
  counter: 'Counter of the next code',
  counterHint: '0 for a new one.',
  counterBad: 'Type a whole number, 0 or more.',
  digitsQuestion: 'How many digits has a code?',
  digitsChoices: [{ label: '6 digits' }, { label: '8 digits' }],
  algorithmQuestion: 'Which algorithm does the site name?',
  algorithmChoices: [{ label: 'SHA-1, or none named' }, { label: 'SHA-256' }, { label: 'SHA-512' }],
  addIt: 'Add this code',

  foundTitle: ({ count: found }: { count: number }) => (found === 1 ? 'Keep this code?' : 'Keep these codes?'),
  foundList: 'What was found',
  form: ({ digits: length, period, algorithm }: { digits: number; period: number | null; algorithm: string }) =>
    `${length} digits, ${period === null ? 'a new one each time you ask' : `a new one every ${period} seconds`}${algorithm === 'SHA1' ? '' : `, ${algorithm.replace('SHA', 'SHA-')}`}`,
  duplicate: 'It is here already.',
  partsMissing: ({ parts, of }: { parts: readonly number[]; of: number }) =>
    `${parts.length === 1 ? 'Part' : 'Parts'} ${listed(parts)} of ${of} ${parts.length === 1 ? 'is' : 'are'} missing.`,
  partsText: 'The other app shows one picture after the other. You can keep what is here, or add the rest first.',
  addPart: 'Add a part',
  refused: ({ count: refused }: { count: number }) =>
    refused === 1
      ? 'One cannot be kept: Doorstep cannot give its codes.'
      : `${digits(refused, 'one', 'of them')} cannot be kept: Doorstep cannot give their codes.`,
  chooseFirst: 'Choose at least one.',
  keep: ({ count: chosen }: { count: number }) => (chosen === 1 ? 'Keep it' : `Keep ${count(chosen, 'code', 'codes')}`),
  added: ({ name }: Named) => `The code for ${name} is added.`,
  addedMany: ({ count: added }: { count: number }) => `${digits(added, 'code is', 'codes are')} added.`,
};
