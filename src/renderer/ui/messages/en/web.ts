import { count } from './amounts.ts';

/** The pages that the backend serves. */
export const web = {
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
        title: 'I need a code for Doorstep',
        text: 'Open your security page, sign in, and choose ‘Add this computer’. If you cannot sign in yet, go to the help desk.',
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
};
