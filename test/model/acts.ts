/** What can happen in a history, as plain data: `fast-check` makes it, shrinks it, and prints it. */
import fc from 'fast-check';

/** Members that choose somebody or something count from 0 and wrap around whatever is there. */
export type Act =
  | { readonly act: 'service-asks'; readonly wantsKey: boolean }
  | { readonly act: 'service-cancels'; readonly challenge: number }
  | { readonly act: 'sign-in' }
  | { readonly act: 'sign-out'; readonly session: number }
  | { readonly act: 'begin'; readonly session: number; readonly forService: boolean }
  | { readonly act: 'cancel'; readonly session: number; readonly challenge: number }
  | { readonly act: 'finish'; readonly session: number; readonly challenge: number }
  | {
      readonly act: 'decide';
      readonly desktop: number;
      readonly holder: number;
      readonly challenge: number;
      readonly decision: 'approve' | 'deny' | 'not-me';
      /** Which number is typed: the one that is shown now, one that was shown before, or none that ever was. */
      readonly number: 'shown' | 'old' | 'wrong';
      /** What in the statement does not fit. */
      readonly twist: 'none' | 'service' | 'person' | 'device' | 'challenge' | 'late';
    }
  | {
      readonly act: 'type-code';
      /** At the sign-in page, for a service's request there, or straight to the service. */
      readonly where: 'page' | 'page-for-service' | 'service';
      readonly session: number;
      readonly source: number;
      /** Which code: so many positions beyond the one that is due; null: none that ever was. */
      readonly ahead: number | null;
    }
  | { readonly act: 'replay'; readonly request: number }
  | { readonly act: 'greet'; readonly desktop: number; readonly holder: number; readonly keeps: boolean }
  | { readonly act: 'copy-key'; readonly desktop: number }
  | { readonly act: 'remove-desktop'; readonly desktop: number }
  | { readonly act: 'resume' }
  | { readonly act: 'close-account' }
  | { readonly act: 'wait'; readonly milliseconds: number }
  | { readonly act: 'keep-house' };

/** One act, or some at the same moment. */
export type Moment = readonly Act[];

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
  source: fc.nat({ max: 1 }),
  ahead: fc.constantFrom(0, 0, 0, 1, 1, -1, -2, 9, 15, 16, 40, null, null),
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
  { weight: 1, arbitrary: fc.record({ act: fc.constant('remove-desktop' as const), desktop: index }) },
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

/** A request from the number to the redemption, with a pause before it is redeemed: seldom whole by chance alone. */
const approvalStory: fc.Arbitrary<readonly Moment[]> = fc
  .record({ session: index, desktop: index, forService: fc.boolean(), pause: fc.constantFrom(1_000, 31_000, 61_000) })
  .map(({ session, desktop, forService, pause }) => [
    [{ act: 'begin', session, forService }],
    [{ act: 'decide', desktop, holder: 0, challenge: 0, decision: 'approve', number: 'shown', twist: 'none' }],
    [{ act: 'wait', milliseconds: pause }],
    [{ act: 'finish', session, challenge: 0 }],
  ]);

const piece: fc.Arbitrary<readonly Moment[]> = fc.oneof(
  { weight: 15, arbitrary: moment.map((one) => [one]) },
  { weight: 1, arbitrary: approvalStory },
);

export const histories: fc.Arbitrary<readonly Moment[]> = fc
  .array(piece, { minLength: 1, maxLength: 24, size: 'max' })
  .map((pieces) => pieces.flat());
