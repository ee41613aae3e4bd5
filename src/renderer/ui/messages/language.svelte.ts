/** The language that people read now, and the way it writes times. The one place that chooses a catalogue. */
import type { Failed } from '../failed.ts';
import { clockTime, dayOf, dayWithTime, fullDate } from '../when.ts';
import { catalogueFor } from './catalogues.ts';
import type { FailureWords, Messages } from './en.ts';

class Language {
  say = $state.raw<Messages>(catalogueFor(navigator.languages));

  /** Tells the document which language it is in and which way it runs. */
  apply(root: HTMLElement): void {
    root.lang = this.say.language.tag;
    root.dir = this.say.language.direction;
  }

  /** Clock time, such as "14:42". */
  time(instant: string | number): string {
    return clockTime(instant, this.say.language.formats);
  }

  /** Clock time of something that ends within the minute, such as "14:42:08". */
  timeWithSeconds(instant: number): string {
    return clockTime(instant, this.say.language.formats, true);
  }

  /** "today", "yesterday" or "9 September". */
  day(instant: string): string {
    return dayOf(instant, Date.now(), this.say.language.formats, this.say.when);
  }

  /** "24 November 2026", for paper. */
  date(instant: string): string {
    return fullDate(instant, this.say.language.formats);
  }

  /** "today at 14:42" or "9 September at 14:42". */
  moment(instant: string): string {
    return dayWithTime(instant, Date.now(), this.say.language.formats, this.say.when);
  }

  /** Cause and remedy of a failure, with the clock time at which trying again helps. */
  failure(failed: Failed): FailureWords {
    const wait = failed.detail['retryAfterSeconds'];
    const ends = typeof wait === 'number' ? this.time(Date.now() + wait * 1000 + 59_999) : null;
    return this.say.failure(failed.code, failed.detail, ends);
  }
}

export const language = new Language();
