/** The second step, by each way. */
export const proof = {
  signIn: 'Sign in',
  goOn: 'Go on',
  otherWays: 'Other ways',
  ways: {
    'security-key': { name: 'A security key', note: 'Touch your USB key' },
    desktop: { name: 'Doorstep on your computer', note: 'Type a number there' },
    code: { name: 'A code', note: 'From Doorstep or your code token' },
    'spare-code': { name: 'A spare code', note: 'From the sheet you printed' },
  },

  number: {
    asking: 'Asking your computers…',
    title: 'Type this number in Doorstep',
    asks: ({ service, place }: { service: string; place: string }) => (place === '' ? `${service} asks.` : `${service} asks, ${place}.`),
    ends: ({ time }: { time: string }) => `On your own computer. It ends at ${time}.`,
    soon: 'The number ends in less than a minute.',
    waiting: 'Waiting for you. This page moves on by itself.',
    offline: 'No connection. This page tries again by itself.',
    finishing: 'Approved. Going on…',
    nothing: 'Nothing opened on my desktop',
    nothingText:
      'Open Doorstep on your computer: the request waits there under Home. If it is not there, Doorstep has no connection. Then choose another way.',
    again: 'Ask again',
    ended: 'Nobody was let in',
    end: {
      denied: () => 'It was denied in Doorstep. If you did not do that, change your password and tell the help desk.',
      expired: ({ time }: { time: string }) => `The number ended at ${time}. Ask again, or choose another way.`,
      canceled: () => 'This request has ended. Ask again, or choose another way.',
    } as Readonly<Record<'denied' | 'expired' | 'canceled', (end: { time: string }) => string>>,
  },

  code: {
    label: 'Code from Doorstep or your code token',
    hint: 'Six digits, or eight where yours has eight.',
    notReady: 'Type the whole code first.',
  },

  spare: {
    label: 'Spare code from your sheet',
    hint: 'Each works once. Capitals and dashes do not matter.',
    missing: 'Type one of the codes from your sheet.',
  },
};
