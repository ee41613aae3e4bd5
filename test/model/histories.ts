/** How histories are made up: acts by chance, and now and then a story that is seldom whole by chance alone. */
import fc from 'fast-check';
import type { Act, Change, Moment } from './acts.ts';

const index = fc.nat({ max: 5 });
const seldom = fc.nat({ max: 99 });

const decide = fc.record({
  act: fc.constant('decide' as const),
  desktop: index,
  holder: fc.nat({ max: 2 }),
  challenge: fc.nat({ max: 2 }),
  decision: fc.oneof(
    { weight: 6, arbitrary: fc.constant('approve' as const) },
    { weight: 2, arbitrary: fc.constant('deny' as const) },
    { weight: 1, arbitrary: fc.constant('not-me' as const) },
  ),
  number: fc.oneof(
    { weight: 5, arbitrary: fc.constant('shown' as const) },
    { weight: 2, arbitrary: fc.constant('wrong' as const) },
    { weight: 1, arbitrary: fc.constant('old' as const) },
  ),
  twist: seldom.map((roll) => (['service', 'person', 'device', 'challenge', 'late'] as const)[roll] ?? ('none' as const)),
});

const typeCode = fc.record({
  act: fc.constant('type-code' as const),
  where: fc.constantFrom('page', 'page', 'page-for-service', 'service'),
  session: index,
  source: fc.nat({ max: 3 }),
  ahead: fc.constantFrom(0, 0, 0, 1, 1, -1, -2, 9, 15, 16, 40, null, null),
});

const change: fc.Arbitrary<Change> = fc.record({
  again: fc.constantFrom(null, null, null, 0, 0, 1),
  what: fc.constantFrom('rename', 'rename', 'rename', 'rename', 'rename', 'prefer', 'prefer', 'remove'),
  target: fc.nat({ max: 7 }),
  age: fc.constantFrom(0, 0, 1_000, 40_000, 400_000, -60_000),
});

const sendChanges = fc.record({
  act: fc.constant('send-changes' as const),
  desktop: index,
  holder: fc.nat({ max: 1 }),
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
});

const typeSpareCode = fc.record({
  act: fc.constant('type-spare-code' as const),
  session: index,
  forService: fc.boolean(),
  sheet: fc.constantFrom(0, 0, 0, 1),
  code: fc.constantFrom(0, 0, 1, 2, null, null),
});

const beginEnrollment = fc.record({
  act: fc.constant('begin-enrollment' as const),
  place: fc.nat({ max: 2 }),
  kind: fc.constantFrom('totp', 'hotp'),
});

const prove = fc.record({
  act: fc.constant('prove' as const),
  enrollment: fc.constantFrom(0, 0, 0, 1),
  elsewhere: fc.nat({ max: 9 }).map((roll) => roll === 9),
  ahead: fc.constantFrom(0, 0, 1, 5, null),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constant('service-asks' as const), wantsKey: seldom.map((roll) => roll > 95) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('service-cancels' as const), challenge: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.constant({ act: 'sign-in' } as const) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('sign-out' as const), session: index }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('begin' as const), session: index, forService: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('cancel' as const), session: index, challenge: fc.nat({ max: 2 }) }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('finish' as const), session: index, challenge: fc.nat({ max: 2 }) }) },
  { weight: 7, arbitrary: decide },
  { weight: 7, arbitrary: typeCode },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('replay' as const), request: index }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('greet' as const), desktop: index, holder: fc.nat({ max: 2 }), keeps: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('copy-key' as const), desktop: index }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('remove' as const), what: fc.constantFrom('desktop', 'source', 'sheet'), index }),
  },
  { weight: 1, arbitrary: fc.constant({ act: 'make-sheet' } as const) },
  { weight: 4, arbitrary: typeSpareCode },
  { weight: 2, arbitrary: beginEnrollment },
  { weight: 3, arbitrary: prove },
  { weight: 4, arbitrary: sendChanges },
  { weight: 1, arbitrary: fc.constant({ act: 'resume' } as const) },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('wait' as const), milliseconds: fc.constantFrom(1_000, 15_000, 31_000, 61_000, 301_000) }),
  },
  { weight: 1, arbitrary: fc.constant({ act: 'keep-house' } as const) },
);
/** Closing the account ends the history in all but name. */
const actOrEnd = fc.oneof({ weight: 60, arbitrary: act }, { weight: 1, arbitrary: fc.constant({ act: 'close-account' } as const) });

const moment: fc.Arbitrary<Moment> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(actOrEnd) },
  { weight: 1, arbitrary: fc.array(actOrEnd, { minLength: 2, maxLength: 3 }) },
  // The same twice at the same moment: what must be good once is good once.
  { weight: 1, arbitrary: act.map((one) => [one, one] as const) },
);

/** A request from the number, perhaps typed wrong at first, to the redemption, with a pause before it: seldom whole by chance. */
const approvalStory: fc.Arbitrary<readonly Moment[]> = fc
  .record({
    session: index,
    desktop: index,
    forService: fc.boolean(),
    wrong: fc.constantFrom(0, 0, 0, 1, 3, 4),
    pause: fc.constantFrom(1_000, 31_000, 61_000),
  })
  .map(({ session, desktop, forService, wrong, pause }) => {
    const decision = { act: 'decide', desktop, holder: 0, challenge: 0, decision: 'approve', twist: 'none' } as const;
    return [
      [{ act: 'begin', session, forService }],
      ...Array.from({ length: wrong }, (): Moment => [{ ...decision, number: 'wrong' }]),
      [{ ...decision, number: 'shown' }],
      [{ act: 'wait', milliseconds: pause }],
      [{ act: 'finish', session, challenge: 0 }],
    ];
  });

/** A key that was copied: the one who has it goes on, and the other one comes with what is dead by then. */
const copyStory: fc.Arbitrary<readonly Moment[]> = fc
  .record({ desktop: index, lost: fc.boolean() })
  .map(({ desktop, lost }) => [
    [{ act: 'greet', desktop, holder: 0, keeps: true }],
    [{ act: 'copy-key', desktop }],
    [{ act: 'greet', desktop, holder: 0, keeps: !lost }],
    [{ act: 'greet', desktop, holder: 0, keeps: true }],
    [{ act: 'greet', desktop, holder: 1, keeps: true }],
  ]);

/** A sheet and some of its codes, wrong ones among them; now and then a new sheet, and a code of the old one. */
const sheetStory: fc.Arbitrary<readonly Moment[]> = fc
  .record({
    codes: fc.array(typeSpareCode, { minLength: 1, maxLength: 7, size: 'max' }),
    guessed: fc.boolean(),
    again: fc.boolean(),
    session: index,
  })
  .map(({ codes, guessed, again, session }) => [
    [{ act: 'make-sheet' }],
    ...codes.map((one) => [guessed ? { ...one, session, forService: false, sheet: 0, code: null } : one]),
    ...(again
      ? ([[{ act: 'make-sheet' }], [{ act: 'type-spare-code', session, forService: false, sheet: 1, code: 3 }]] satisfies Moment[])
      : []),
  ]);

/** A source of codes from its seed to its first code, with a pause before it is proved. */
const enrollmentStory: fc.Arbitrary<readonly Moment[]> = fc
  .record({ begun: beginEnrollment, pause: fc.constantFrom(1_000, 31_000, 61_000), proof: prove, session: index })
  .map(({ begun, pause, proof, session }) => [
    [begun],
    [{ act: 'wait', milliseconds: pause }],
    [{ ...proof, enrollment: 0 }],
    [{ ...proof, enrollment: 0 }],
    [{ act: 'type-code', where: 'page', session, source: 2, ahead: 1 }],
    [{ act: 'remove', what: 'desktop', index: begun.place }],
    [{ act: 'type-code', where: 'page', session, source: 2, ahead: 2 }],
  ]);

const piece: fc.Arbitrary<readonly Moment[]> = fc.oneof(
  { weight: 30, arbitrary: moment.map((one) => [one]) },
  { weight: 2, arbitrary: approvalStory },
  { weight: 1, arbitrary: copyStory },
  { weight: 1, arbitrary: sheetStory },
  { weight: 1, arbitrary: enrollmentStory },
);

export const histories: fc.Arbitrary<readonly Moment[]> = fc
  .array(piece, { minLength: 1, maxLength: 24, size: 'max' })
  .map((pieces) => pieces.flat());
