/**
 * Every text that a person reads, in English. Another language is one more object of this shape; the compiler
 * names what it lacks. Texts with parameters are functions, so that each language orders and counts in its own way.
 *
 * Rules (the look): plain, active, present; "you"; cause, then remedy; no exclamation marks.
 */
import { ERRORS, type ErrorCode, type ErrorDetail } from '../../../contract/errors.ts';

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** Small counts as words, larger as digits. */
function count(amount: number, one: string, many: string): string {
  return `${NUMBERS[amount] ?? String(amount)} ${amount === 1 ? one : many}`;
}

function digits(amount: number, one: string, many: string): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A length of time that is no more exact than it needs to be. */
function about(seconds: number): string {
  if (seconds < 90) return digits(Math.max(1, Math.round(seconds)), 'second', 'seconds');
  if (seconds < 5400) return digits(Math.round(seconds / 60), 'minute', 'minutes');
  if (seconds < 129_600) return digits(Math.round(seconds / 3600), 'hour', 'hours');
  return digits(Math.round(seconds / 86_400), 'day', 'days');
}

/** Short waits in seconds, longer ones as a clock time. */
function waitFor(seconds: unknown, ends: string | null): string {
  if (typeof seconds !== 'number' || ends === null) return 'Wait a little, then try again.';
  return seconds < 90 ? `Wait ${about(seconds)}, then try again.` : `Wait until ${ends}, then try again.`;
}

export interface FailureWords {
  readonly title: string;
  readonly remedy: string;
}

/** Better words than the contract's own, where people meet the failure. `ends` is a clock time where one is known. */
function failure(code: ErrorCode, detail: ErrorDetail, ends: string | null): FailureWords {
  const left = typeof detail['retries'] === 'number' ? detail['retries'] : null;
  const minLength = typeof detail['minLength'] === 'number' ? detail['minLength'] : null;
  switch (code) {
    case 'request.rate-limited':
      return {
        title: 'Too many tries in a short time.',
        remedy: waitFor(detail['retryAfterSeconds'], ends),
      };
    case 'password.wrong':
      return { title: 'That user name and password do not go together.', remedy: 'Check both, then type the password again.' };
    case 'pin.wrong':
      return {
        title: left === null ? 'Wrong PIN.' : `Wrong PIN. ${digits(left, 'try', 'tries')} left, then the key must be wiped.`,
        remedy: 'Type it again.',
      };
    case 'pin.policy':
      return {
        title: 'The key does not take this PIN.',
        remedy: minLength === null ? 'Choose a longer one.' : `It wants ${minLength} digits or more. Choose a longer one.`,
      };
    case 'token.excluded':
    case 'authenticator.already-enrolled':
      return { title: 'This key is already one of yours.', remedy: 'Use it, or plug in another one.' };
    case 'token.canceled':
      return { title: 'You stopped it. Nothing was changed.', remedy: 'Start again when you are ready.' };
    case 'backend.unreachable':
      return { title: 'No connection.', remedy: 'Check the network, then try again.' };
    default: {
      const { title, remedy } = ERRORS[code];
      return { title, remedy };
    }
  }
}

export const en = {
  language: { name: 'English', tag: 'en', formats: 'en-GB', direction: 'ltr' as 'ltr' | 'rtl' },

  failure,

  ui: {
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
    copied: 'Copied.',
    notCopied: 'This window may not copy. Mark the code and copy it yourself.',
    closeMessage: 'Close this message',
    stepOf: ({ step, of }: { step: number; of: number }) => `Step ${step} of ${of}`,
    stepDone: ', done',
    moreFor: ({ name }: { name: string }) => `More for ${name}`,
    opening: 'Opening…',
  },

  when: {
    today: 'today',
    yesterday: 'yesterday',
    atTime: ({ day, time }: { day: string; time: string }) => `${day} at ${time}`,
    about,
  },

  /** Ways to sign in, wherever they are listed. */
  ways: {
    kind: { 'security-key': 'Security key', desktop: 'Doorstep on a computer' },
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
    removeComputerText: 'That computer is disconnected at once. To use it again, connect it with a new code.',
    removeAction: ({ name }: { name: string }) => `Remove ${name}`,
    keep: 'Keep it',
    removed: ({ name }: { name: string }) => `${name} is removed.`,
    lastTitle: ({ name }: { name: string }) => `${name} stays for now`,
    lastText: 'This is your last way in. Add another first.',
    defaultFirst: 'My key',
    defaultSpare: 'Spare key',
    defaultMore: ({ number }: { number: number }) => `Key ${number}`,
  },

  pin: {
    label: 'PIN of this key',
    newLabel: 'New PIN',
    againLabel: 'New PIN again',
    set: 'Set this PIN',
    empty: 'Type the PIN of this key.',
    rule: ({ minLength }: { minLength: number }) => `${minLength} digits or more. Letters work too.`,
    short: ({ minLength, typed }: { minLength: number; typed: number }) =>
      `This key wants ${minLength} digits or more. You typed ${typed}.`,
    long: 'This PIN is too long for a key. Choose a shorter one.',
    differs: 'The two are not the same. Type the new PIN again.',
    wrong: ({ retries }: { retries: number }) => `Wrong PIN. ${digits(retries, 'try', 'tries')} left, then the key must be wiped.`,
    triesLeft: ({ retries }: { retries: number }) => `${digits(retries, 'try', 'tries')} left.`,
  },

  web: {
    help: 'I need help',
    accessibility: 'Accessibility',
    securityPage: 'Your security page',
    notWorking: 'This page did not open',
    backToSignIn: 'Go to sign-in',

    signIn: {
      title: 'Sign in',
      titleTo: ({ service }: { service: string }) => `Sign in to ${service}`,
      lead: 'Use your name and password.',
      username: 'User name',
      usernameMissing: 'Type your user name.',
      password: 'Password',
      passwordMissing: 'Type your password.',
      next: 'Next',
      ended: 'This request has ended',
      nobody: 'Nobody was let in',
      endedText: 'If this was you, start again on the page that sent you here.',
      endedService: ({ service }: { service: string }) => `If this was you, start again on the ${service} page.`,
    },

    second: {
      title: 'Is it really you?',
      signedInAs: 'Signing in as',
      notYou: 'Not you?',
      plugIn: 'Plug in your USB key',
      plugInText: 'Choose ‘Use my key’. Touch the key when it blinks.',
      use: 'Use my key',
      waiting: 'Touch your key',
      waitingText: 'It blinks while it waits. If it asks for its PIN, type that first.',
      noKeyTitle: 'No key answered.',
      noKeyText: 'Plug in a key that is yours, choose ‘Use my key’, and touch it when it blinks. If you have two, try the other one.',
      noBrowserTitle: 'This browser cannot talk to keys.',
      noBrowserText: 'Open this page in a current Firefox, Chrome, Edge or Safari.',
      noWay: 'You have no key yet',
      noWayText: 'Ask the lab for a claim code, or the help desk what to do.',
      done: 'You are signed in.',
      goingOn: ({ service }: { service: string }) => `Going back to ${service}…`,
      goOnTo: ({ service }: { service: string }) => `Go on to ${service}`,
    },

    enroll: {
      title: 'Add your first key',
      steps: ['Password', 'First key', 'Done'],
      lead: 'From now on, your key shows that it is really you. Plug it in and give it a name.',
      button: 'Add my key',
      doneTitle: 'Your key works',
      plugInText: 'Choose ‘Add my key’. Touch the key when it blinks.',
      spareText: 'Add a spare key soon, so that losing one does not lock you out.',
      toSecurity: 'See your ways to sign in',
    },

    security: {
      title: 'Your ways to sign in',
      summary: ({ ways }: { ways: number }) =>
        ways >= 2
          ? `You have ${count(ways, 'way', 'ways')}. If you lose one, you can still get in.`
          : ways === 1
            ? 'You have one way. Add another, so that losing it does not lock you out.'
            : 'You have no way yet.',
      signOut: 'Sign out',
      list: 'Ways to sign in',
      add: 'Add a key',
      emptyTitle: 'No keys yet',
      emptyText: 'Add a key, so that you can show that it is really you.',
      addTitle: 'Add a key',
      addText: 'Plug in the new key, choose ‘Add this key’, and touch it when it blinks.',
      addButton: 'Add this key',
      adding: 'Touch the new key',
      added: ({ name }: { name: string }) => `${name} is added. You can sign in with it now.`,
      nameLabel: 'Name of this key',
      noKeyTitle: 'No key was added.',
      noKeyText: 'Plug the new key in, choose ‘Add this key’ again, and touch it when it blinks.',
      lost: 'Lost something?',
      lostText: 'Remove it now, so that nobody can use it. Choose the three dots beside it, then Remove. Then ask the lab for a new one.',
      computer: 'Doorstep on this computer',
      computerText: 'Connect the Doorstep app, and it tells you when something asks for you.',
      computerButton: 'Add this computer',
      codeTitle: 'Type this code in Doorstep',
      codeText: 'Open Doorstep on the computer that you want to connect, and type the code there.',
      codeEnds: ({ time }: { time: string }) => `It works once, until ${time}.`,
      codeEnded: ({ time }: { time: string }) => `This code ended at ${time}.`,
      codeSoon: 'This code ends in one minute.',
      codeNew: 'Make a new code',
      codeCopied: 'Code copied.',
      connected: ({ name }: { name: string }) => `${name} is connected.`,
      freshTitle: 'Show your key again',
      freshText: 'This change wants to be sure that it is still you. Plug in one of your keys and touch it when it blinks.',
    },

    helpPage: {
      title: 'Help with signing in',
      lead: 'Most troubles with keys have a short way out.',
      items: [
        {
          title: 'My key does not blink',
          text: 'Pull it out, plug it in again, and choose ‘Use my key’. Try another USB socket if it stays dark.',
        },
        {
          title: 'The page says that no key answered',
          text: 'The key has to be one that you added. If you have two, try the other one. Touch it when it blinks, once, and do not press hard.',
        },
        {
          title: 'I forgot the PIN of my key',
          text: 'Nobody can read it back. Wipe the key in Doorstep under Keys, then add it again. Wiping removes everything that is kept on it.',
        },
        {
          title: 'I lost my key',
          text: 'Sign in with another way, open your security page, and remove the lost key at once. With no other way left, go to the help desk.',
        },
        {
          title: 'Too many wrong passwords',
          text: 'Wait until the time that the page names. Your keys are not locked by wrong passwords.',
        },
        {
          title: 'Somebody asks me to touch my key',
          text: 'Touch it only for a sign-in that you started yourself. If you did not start one, deny it and tell the help desk.',
        },
      ],
    },

    accessPage: {
      title: 'Accessibility',
      lead: 'Signing in has to work for everyone. We build to WCAG 2.2, level AA.',
      items: [
        {
          title: 'Keyboard and screen reader',
          text: 'Everything works with the keyboard alone. Faults are spoken, and say what to do next.',
        },
        {
          title: 'Size and contrast',
          text: 'Pages reflow down to 320 pixels and up to 400 percent. They follow your system’s light, dark and high-contrast settings.',
        },
        { title: 'Time', text: 'Where something ends, the page says when, as a clock time, and you can start again.' },
        { title: 'Movement', text: 'Only what waits for you moves, and nothing does when your system asks for less movement.' },
        { title: 'Nothing to remember or to solve', text: 'There are no puzzles, and you can paste into every field.' },
      ],
      contact: 'If something stands in your way, tell the help desk. Say which page it was and what you use.',
    },
  },

  app: {
    name: 'Doorstep',
    rail: {
      label: 'Doorstep',
      home: 'Home',
      keys: 'Keys',
      settings: 'Settings',
      waiting: ({ count: waiting }: { count: number }) => `, ${waiting} waiting`,
    },
    noBridgeTitle: 'Doorstep cannot reach its own insides.',
    noBridgeText: 'Close the window and open it again.',

    connect: {
      title: 'Connect this computer',
      lead: 'Open your security page, choose ‘Add this computer’, and type the code that you see there.',
      pageIs: 'Your security page',
      code: 'Code from your security page',
      codeHint: '8 letters and digits. Capitals do not matter.',
      codeMissing: 'Type the code from your security page.',
      button: 'Connect',
      busy: 'Connecting…',
      to: 'Connecting to',
      change: 'Change',
      server: 'Address of the service',
      serverHint: 'It starts with https.',
      serverBad: 'That is not an address. It looks like https://id.example.org.',
      aside: 'Sign in without a phone',
      points: [
        { icon: 'key' as const, text: 'Touch a key' },
        { icon: 'monitor' as const, text: 'See here what asks for you' },
        { icon: 'lock' as const, text: 'Set its PIN, see what is kept on it' },
      ],
      done: ({ organization }: { organization: string }) => `This computer is connected to ${organization}.`,
      waitKeychain: 'The keychain has to be open first.',
    },

    home: {
      well: 'All is well',
      hello: ({ name }: { name: string }) => `Hello, ${name}`,
      waiting: ({ requests }: { requests: number }) =>
        requests === 1 ? 'A request waits for you' : `${capital(count(requests, 'request', 'requests'))} wait for you`,
      summary: ({ ways }: { ways: number }) => (ways === 0 ? 'You have no key yet.' : `You can sign in ${count(ways, 'way', 'ways')}.`),
      checked: ({ time }: { time: string }) => `Last checked ${time}.`,
      asks: ({ service }: { service: string }) => `${service} asks: is this you?`,
      from: ({ place }: { place: string }) => `From ${place}.`,
      ends: ({ time }: { time: string }) => `It ends at ${time}.`,
      soon: 'It ends in less than a minute.',
      touch: 'Touch your key',
      deny: 'Deny',
      denying: 'Denying…',
      denied: ({ service }: { service: string }) => `${service} was denied. Nobody was let in.`,
      answered: ({ service }: { service: string }) => `${service} lets you in now.`,
      over: ({ service }: { service: string }) => `The request of ${service} has ended`,
      overText: ({ service }: { service: string }) => `Nobody was let in. If this was you, start again on the ${service} page.`,
      keys: 'My keys',
      allKeys: 'All keys',
      pluggedIn: 'Plugged in now',
      lastUsed: ({ when }: { when: string }) => `Last used ${when}`,
      notUsed: 'Not used yet',
      noKeyTitle: 'No key yet',
      noKeyText: 'Plug in a USB key and add it. Then touching it shows that it is really you.',
      noKeyButton: 'Add a key',
      trouble: 'If something goes wrong',
      lostTitle: 'Lost a key?',
      lostText: 'Remove it at once',
      lostButton: 'I lost a key',
      oneTitle: 'Only one key?',
      oneText: 'Add a spare one',
      tryTitle: 'Not sure it works?',
      tryText: 'Try your key now',
      tryButton: 'Try a key',
    },

    keys: {
      title: 'Keys',
      pluggedIn: 'Plugged in',
      practice: 'Practice',
      opening: 'Looking at it…',
      openingText: 'Doorstep asks the key what it can do.',
      unnamed: 'USB key',
      about: {
        fido2: ({ maker }: { maker: string }) => (maker === '' ? 'A security key.' : `A security key by ${maker}.`),
        u2f: ({ maker }: { maker: string }) => (maker === '' ? 'An older security key (U2F).' : `An older security key (U2F) by ${maker}.`),
        unknown: ({ maker }: { maker: string }) => (maker === '' ? 'A key of unknown kind.' : `A key of unknown kind by ${maker}.`),
      },
      serial: ({ serial }: { serial: string }) => `Serial ${serial}.`,
      firstChoice: 'First choice for signing in.',
      notKnown: 'Try it to see which of yours it is, or add it.',
      needsConnection: 'This needs a connection.',
      add: 'Add this key',
      tryIt: 'Try this key',
      trying: 'Trying…',
      wink: 'Make it blink',
      winked: 'It blinks now.',
      rename: 'Rename',
      wipe: 'Wipe this key',
      emptyTitle: 'No key is plugged in',
      emptyText: 'Plug in a USB key. What it can do shows here at once.',
      addTitle: 'Add this key',
      addText: 'Give it a name that you know it by. Then touch it when it blinks.',
      addName: 'Name of this key',
      added: ({ name }: { name: string }) => `${name} is added. You can sign in with it now.`,
      works: ({ name }: { name: string }) => `${name} works.`,
      pin: {
        unsupported: { title: 'No PIN on this key', text: 'A touch is all that it asks for.' },
        'not-set': { title: 'No PIN yet', text: 'With a PIN, the key alone is of no use to a thief.' },
        'must-change': { title: 'The PIN must be changed', text: 'The key works again after that.' },
        'locked-until-replug': { title: 'PIN locked for now', text: 'Pull the key out, plug it in, try again.' },
        blocked: { title: 'PIN blocked', text: 'Too many wrong PINs. Wipe the key, then add it again.' },
      },
      pinSet: 'PIN is set',
      pinFacts: ({ retries, minLength }: { retries: number | null; minLength: number }) =>
        `${retries === null ? '' : `${digits(retries, 'try', 'tries')} left. `}At least ${minLength} digits.`,
      setPin: 'Set a PIN',
      changePin: 'Change PIN',
      pinIsSet: 'The PIN is set.',
      pinIsChanged: 'The PIN is changed.',
      passkeys: 'Sign-ins kept on this key',
      passkeysRoom: ({ left }: { left: number }) => `Room for ${left} more`,
      passkeysText: 'Other sites may keep some here too.',
      passkeysNeedPin: 'Set a PIN first. The key shows them only then.',
      see: 'See them',
      canTitle: 'What this key can do',
      can: {
        touch: 'It shows that it is you by a touch.',
        pin: 'It can ask for a PIN.',
        passkeys: 'It can keep sign-ins.',
        fingerprints: 'It knows fingerprints.',
      },
      cannotTitle: 'What this key cannot do',
      cannot: {
        pin: 'It has no PIN.',
        passkeys: 'It cannot keep sign-ins.',
        manage: 'It cannot list what is kept on it.',
        renamePasskeys: 'It cannot rename what is kept on it.',
        fingerprints: 'It has no fingerprint reader.',
        alwaysUv: 'Its PIN cannot be forced on for every use.',
        minPin: 'Its shortest PIN cannot be made longer.',
        wink: 'It cannot blink to be found.',
        wipe: 'It cannot be wiped.',
      },
      others: 'Your other keys',
      yours: 'Your keys',
      notPlugged: 'Not plugged in.',
      unknownWhether: 'It may be the one that is plugged in. Try that one to see.',
      wipeTitle: ({ name }: { name: string }) => `Wipe ${name}?`,
      wipeText:
        'Its PIN and everything that is kept on it are lost at once, for every site. It stays in your list until you remove it there.',
      wipeAction: 'Wipe this key',
      wiped: 'The key is wiped. Remove it from your list, or add it again.',
    },

    passkeys: {
      title: ({ name }: { name: string }) => `Sign-ins on ${name}`,
      empty: 'No sign-ins are kept on this key.',
      at: ({ site }: { site: string }) => `at ${site}`,
      rename: 'Rename',
      renameOf: ({ name }: { name: string }) => `Rename: ${name}`,
      remove: 'Remove',
      removeOf: ({ name }: { name: string }) => `Remove: ${name}`,
      userName: 'User name',
      displayName: 'Shown name',
      nameMissing: 'Type a name.',
      removeTitle: ({ name, site }: { name: string; site: string }) => `Remove ${name} at ${site}?`,
      removeText: 'This key cannot sign you in there any more. Nothing changes at the site itself.',
      removed: 'The sign-in is removed from the key.',
      renamed: 'The sign-in is renamed.',
      back: 'Back',
      unnamed: 'No name',
    },

    prompt: {
      touchTitle: 'Touch your key',
      challengeTitle: ({ service }: { service: string }) => `${service} asks: is this you?`,
      touch: ({ name }: { name: string }) => `${name} is blinking. Touch its metal part once, and do not press hard.`,
      touchChallenge: ({ name }: { name: string }) => `Touch your key if you started this sign-in yourself. ${name} is blinking.`,
      touchChoose: 'Several keys are plugged in. Touch the one that you want to use.',
      touchReset: ({ name }: { name: string }) => `Touch ${name} now, and it is wiped.`,
      touchResetTitle: 'Touch to wipe this key',
      chooseTitle: 'Touch the key you want',
      waiting: 'Waiting. A key gives up after about 30 seconds.',
      keyWord: 'Your key',
      pinTitle: ({ name }: { name: string }) => `PIN of ${name}`,
      pinFor: {
        enroll: 'To add this key.',
        try: 'To try this key.',
        'set-pin': 'To set a PIN.',
        'change-pin': 'To change it, type the one that the key has now.',
        reset: 'To wipe this key.',
        passkeys: 'To see what is kept on it.',
      },
      pinForChallenge: ({ service }: { service: string }) =>
        `${service} asks: is this you? Go on only if you started this sign-in yourself.`,
      newPinTitle: ({ name }: { name: string }) => `New PIN for ${name}`,
      newPinText: 'The key asks for it now and then. Nobody can read it back, not even the lab.',
      plugInTitle: 'Plug in your key',
      plugInText: 'It is seen as soon as it is in.',
      plugInNote: 'Waiting for a key.',
      replugTitle: 'Wipe this key',
      replugSteps: ['Pull it out', 'Plug it in', 'Touch it'],
      pullOut: 'Pull the key out now.',
      plugBack: 'Plug the same key in again now, then touch it at once.',
      replugNote: 'Nothing is wiped until you touch it.',
      chooseTitlePasskey: 'Which one are you?',
      choosePasskeyText: 'This key keeps more than one sign-in for this place.',
      chooseThis: 'Use this one',
      unnamed: 'No name',
    },

    practice: {
      title: 'Practice key',
      text: 'No real key at hand? This one is made of software. It is for trying things out, and only in a run from source.',
      plug: 'Plug in',
      unplug: 'Pull out',
      touch: 'Touch the practice key',
      wants: 'It waits for a touch.',
      out: 'Not plugged in.',
      in: 'Plugged in.',
    },

    settings: {
      title: 'Settings',
      connection: 'Connection',
      address: 'Address',
      person: 'You',
      organization: 'Organization',
      computer: 'This computer',
      state: 'State',
      states: {
        connecting: 'Connecting…',
        online: 'Connected',
        offline: 'No connection. Doorstep tries again by itself.',
        'clock-wrong': 'The clock of this computer is wrong.',
        removed: 'This computer was removed.',
      },
      disconnect: 'Disconnect this computer',
      disconnectTitle: 'Disconnect this computer?',
      disconnectText: 'It no longer hears when something asks for you. Your keys keep working. To connect again, you need a new code.',
      disconnectAction: 'Disconnect',
      stay: 'Stay connected',
      disconnected: 'This computer is disconnected.',
      keychain: 'Keychain',
      keychainText: 'Doorstep keeps its secrets in the keychain of your system and nowhere else.',
      keychainStates: {
        checking: 'Looking…',
        ready: 'Open',
        absent: 'Not found',
        locked: 'Locked',
        dismissed: 'Stayed locked',
        failed: 'Gives an error',
      },
      about: 'About',
      version: 'Version',
    },

    notices: {
      absent: {
        title: 'No keychain found.',
        text: 'Install GNOME Keyring or KWallet, then choose Try again. Until then Doorstep keeps no secret, so it cannot connect.',
      },
      locked: { title: 'The keychain is locked.', text: 'Unlock it, then choose Try again.' },
      dismissed: {
        title: 'The keychain stayed locked.',
        text: 'Choose Try again and type its password. Until then Doorstep cannot connect.',
      },
      failed: { title: 'The keychain gave an error.', text: 'Restart the computer, then choose Try again.' },
      offline: ({ organization }: { organization: string }) => `No connection to ${organization}.`,
      offlineText: 'Your keys still work. Doorstep tries again by itself.',
      clock: ({ seconds }: { seconds: number }) => `Your computer’s clock is ${about(Math.abs(seconds))} wrong.`,
      clockUnknown: 'Your computer’s clock is wrong.',
      clockText: 'Set it, then try again.',
      removed: 'This computer is not connected any more.',
      removedText: 'Somebody removed it on your security page. Connect it again from there.',
      removedButton: 'Connect again',
    },
  },
};

export type Messages = typeof en;
