import type { ReviewEnd } from '../../../../contract/ipc.ts';
import { capital, digits } from './amounts.ts';

interface About {
  readonly service: string;
}

interface EndWords {
  readonly heading: (about: About) => string;
  readonly title: (about: About) => string;
  readonly text: (about: About & { readonly minutes: number }) => string;
}

const nobody = () => 'Nobody was let in';
const over = () => 'This request has ended';

/** How a request ended: heading, what follows, and what to do. */
const end: Readonly<Record<ReviewEnd, EndWords>> = {
  approved: {
    heading: ({ service }: About) => `${service} lets you in`,
    title: () => 'You approved it',
    text: () => 'Go on at the sign-in page. It moves on by itself.',
  },
  denied: {
    heading: () => 'You denied it',
    title: nobody,
    text: ({ service }: About) => `If this was you after all, start again on the ${service} page.`,
  },
  reported: {
    heading: () => 'Requests are stopped',
    title: nobody,
    text: () => 'The help desk knows. Keys and codes still work. Change your password now.',
  },
  expired: {
    heading: over,
    title: nobody,
    text: ({ service, minutes }: About & { minutes: number }) =>
      `${service} waited ${digits(minutes, 'minute', 'minutes')} for an answer. If this was you, start again on the ${service} page.`,
  },
  canceled: {
    heading: over,
    title: nobody,
    text: ({ service }: About) => `The page that asked was left. If this was you, start again on the ${service} page.`,
  },
  'too-many-wrong': {
    heading: over,
    title: nobody,
    text: ({ service }: About) => `The number was wrong three times. If this was you, start again on the ${service} page.`,
  },
  elsewhere: {
    heading: () => 'Answered elsewhere',
    title: () => 'Another of your computers answered it',
    text: () => 'If that was not you, choose ‘This wasn’t me’.',
  },
};

const ends = ({ time, minutes }: { time: string; minutes: number }) =>
  `Ends at ${time}, in ${minutes <= 1 ? 'a minute' : digits(minutes, 'minute', 'minutes')}. Closing this window means Deny.`;

/** The window that asks for the number. */
export const approval = {
  asks: ({ service }: About) => `${service} asks: is this you?`,
  who: 'Who',
  where: 'Where',
  when: 'When',
  placeIs: ({ where }: { where: string }) => capital(where),
  placeUnknown: 'Not known',
  askedAt: ({ minutes, time }: { minutes: number; time: string }) =>
    minutes === 0 ? `Just now, ${time}` : `${digits(minutes, 'minute', 'minutes')} ago, ${time}`,
  askedOn: ({ when }: { when: string }) => capital(when),
  label: 'Type the number from the sign-in page',
  hint: ({ time, minutes, left }: { time: string; minutes: number; left: number }): string =>
    `${left < 3 ? `${digits(left, 'try', 'tries')} left. ` : ''}${ends({ time, minutes })}`,
  ends,
  soon: 'It ends in less than a minute.',
  wrong: ({ left }: { left: number }) => `That number is not on the page. ${digits(left, 'try', 'tries')} left.`,
  wrongWhy: ({ service }: About) => `Check that the page says ${service}, then read the number again.`,
  approve: 'Approve',
  notReady: ({ digits: of, typed }: { digits: number; typed: number }) => `Type all ${of} digits first. ${typed} of them are there.`,
  deny: 'Deny',
  touch: 'Touch your key',
  byKey: 'Touch your key if you started this sign-in yourself.',
  notMe: 'This wasn’t me',
  notMeText: 'Blocks new requests and tells the help desk.',
  nothingTitle: 'Nothing asks for you',
  nothingText: 'You can close this window.',
  end,
};
