/** A source of codes is enrolled, in the browser or at a desktop: nothing is open with it before one code has proved it, once. */
import type { Asker } from '../../../src/backend/domain/ceremonies/asker.ts';
import { beginCodeEnrollment, finishCodeEnrollment } from '../../../src/backend/domain/codes/enroll.ts';
import type { SignedClaims } from '../../../src/backend/domain/devices/device-request.ts';
import type { Outcome } from '../../../src/contract/errors.ts';
import type { CodeEnrollment } from '../../../src/contract/http/codes.ts';
import { decodeBase32 } from '../../../src/oath/base32.ts';
import type { Act } from '../acts.ts';
import { provingCode } from '../codes.ts';
import { BROWSER, DESK, type Plan, pick, pickLast } from '../plan.ts';
import type { Scene } from '../scene.ts';
import { type Holder, type ModelPlace, newAuthenticatorModel } from '../state.ts';
import { demand } from '../violation.ts';

const MOST_TRIES = 20;
const MOST_SOURCES = 8;

/** The browser, or one of the desktops as its first holder. */
function placeOf({ person }: Scene, index: number): ModelPlace {
  return index === 0 ? 'browser' : (pick(person.desktops, index) ?? 'browser');
}

interface Standing {
  readonly may: boolean;
  asker(): Promise<Asker>;
  /** Whether the outcome may be a failure of the place itself, whatever was asked there. */
  settle(outcome: Outcome<unknown>, alone: boolean): boolean;
}

function standAt(scene: Scene, place: ModelPlace): Standing {
  if (place === 'browser') {
    return {
      may: !scene.person.disabled,
      asker: () => scene.keyAsker(),
      // The key's own session may be over.
      settle: (outcome) => !outcome.ok && outcome.code === 'session.missing',
    };
  }
  const holder = place.holders[0] as Holder;
  const signed: SignedClaims = scene.signed(holder);
  return {
    may: scene.admissible(place, holder),
    asker: () => scene.deviceAsker(place, signed),
    settle(outcome, alone) {
      scene.settleAdmission(place, holder, outcome, alone);
      return false;
    },
  };
}

const sourcesOf = ({ person }: Scene): number => person.sources.filter(({ state }) => state !== 'removed').length;

export function beginEnrollment(scene: Scene, act: Act & { act: 'begin-enrollment' }): Plan | null {
  const { person, world } = scene;
  const place = placeOf(scene, act.place);
  const standing = standAt(scene, place);
  const may = standing.may && sourcesOf(scene) < MOST_SOURCES;
  const openBefore = person.enrollments.filter((one) => one.place === place && one.state === 'open');
  return {
    run: async () => beginCodeEnrollment(world.domain, place === 'browser' ? BROWSER : DESK, await standing.asker(), { kind: act.kind }),
    settle: (outcome, alone) => {
      const excused = standing.settle(outcome, alone);
      if (!outcome.ok) {
        if (alone) demand(!may || excused, `an enrollment could not be begun: ${outcome.code}`);
        return;
      }
      demand(may || !alone, 'an enrollment was begun that could not be');
      const { enrollmentId: id, kind, secret, expiresAt } = outcome.value as CodeEnrollment;
      for (const one of openBefore) if (one.state === 'open') one.state = 'ended';
      const beside = person.enrollments.filter((one) => one.place === place && one.state === 'open');
      for (const one of beside) one.unsure = true;
      person.enrollments.push({
        id,
        kind,
        seed: decodeBase32(secret),
        place,
        expiresAt: Date.parse(expiresAt),
        tries: 0,
        state: 'open',
        unsure: beside.length > 0,
      });
    },
  };
}

export function prove(scene: Scene, act: Act & { act: 'prove' }): Plan | null {
  const { person, world, now } = scene;
  const enrollment = pickLast(person.enrollments, act.enrollment);
  if (enrollment === null) return null;
  const place = act.elsewhere ? (enrollment.place === 'browser' ? placeOf(scene, 1) : 'browser') : enrollment.place;
  const standing = standAt(scene, place);
  const proof = provingCode(enrollment, act.ahead, now);
  const open = enrollment.state === 'open' && now < enrollment.expiresAt && enrollment.tries < MOST_TRIES;
  const may = standing.may && !act.elsewhere && open && proof.position !== null && sourcesOf(scene) < MOST_SOURCES;
  return {
    run: async () =>
      finishCodeEnrollment(world.domain, place === 'browser' ? BROWSER : DESK, await standing.asker(), {
        enrollmentId: enrollment.id,
        code: proof.code,
        name: 'Codes',
      }),
    settle: (outcome, alone) => {
      const excused = standing.settle(outcome, alone);
      if (!outcome.ok) {
        if (alone) demand(!may || enrollment.unsure || excused, `an enrollment could not be proved: ${outcome.code}`);
        if (outcome.code === 'authenticator.too-many') enrollment.state = 'ended';
        if (outcome.code !== 'code.wrong') return;
        scene.seen.wrongCodes += 1;
        enrollment.tries += 1;
        scene.invariants.tried('an enrollment', enrollment.tries, MOST_TRIES);
        return;
      }
      scene.invariants.spend('enrollment', enrollment.id);
      scene.invariants.works('enrollment', enrollment.id);
      scene.invariants.works('person', person.record.id);
      demand(may || !alone, 'an enrollment was proved that could not be');
      demand(!act.elsewhere, 'an enrollment was proved at another place');
      demand(now < enrollment.expiresAt, 'an enrollment was proved after its time');
      demand(proof.position !== null, 'an enrollment was proved with a wrong code');
      enrollment.state = 'proved';
      person.sources.push({
        ...newAuthenticatorModel(enrollment.id),
        kind: enrollment.kind,
        seed: enrollment.seed,
        heldBy: place === 'browser' ? null : place,
        burned: new Set([proof.position]),
        maybeBurned: new Set(),
        last: proof.position,
        drift: proof.drift,
        failures: 0,
      });
    },
  };
}
