/** A person with a key and a paired desktop, on a backend whose clock the test moves. */
import { expect } from 'vitest';
import type { PersonRecord } from '../../src/backend/domain/model.ts';
import type { PairingCode } from '../../src/contract/http/shapes.ts';
import { type ApiAnswer, Browser, Desktop, problemOf } from './backend.ts';
import type { BackendHere } from './backend-here.ts';
import { SoftwareKey } from './webauthn/software-key.ts';

/** The error code of a refusal, else the status. */
export function codeOf(answer: ApiAnswer): string | number {
  return answer.status < 300 ? answer.status : problemOf(answer).code;
}

export class Household {
  readonly backend: BackendHere;
  readonly person: PersonRecord;
  readonly key: SoftwareKey;

  private constructor(backend: BackendHere, person: PersonRecord, key: SoftwareKey) {
    this.backend = backend;
    this.person = person;
    this.key = key;
  }

  static async open(backend: BackendHere, username: string): Promise<Household> {
    const person = await backend.addPerson(username, 'secret');
    const house = new Household(backend, person, new SoftwareKey());
    const browser = new Browser(backend);
    await browser.password(username, 'secret');
    expect(codeOf(await browser.enroll(house.key, 'First key'))).toBe(201);
    return house;
  }

  /** A session that has shown the password. */
  async withPassword(challengeId?: string): Promise<Browser> {
    const browser = new Browser(this.backend);
    const answer = await browser.password(this.person.username, 'secret', challengeId);
    expect(answer.body.state).toBe('password');
    return browser;
  }

  /** A session with both steps, the second one fresh. */
  async signedIn(): Promise<Browser> {
    const browser = await this.withPassword();
    expect(codeOf(await browser.secondStep(this.key))).toBe(200);
    return browser;
  }

  /** A desktop that has no key of its own yet, with the backend's clock. */
  stranger(): Desktop {
    const desktop = new Desktop(this.backend);
    desktop.now = () => this.backend.clock.now();
    return desktop;
  }

  async pair(desktop: Desktop, name = 'Office'): Promise<ApiAnswer> {
    const browser = await this.signedIn();
    return desktop.pair((await browser.call<PairingCode>('pairingCode')).body.code, name);
  }

  /** A paired desktop that has greeted. */
  async desktop(name = 'Office'): Promise<Desktop> {
    const desktop = this.stranger();
    expect(codeOf(await this.pair(desktop, name))).toBe(201);
    expect(codeOf(await desktop.hello())).toBe(200);
    return desktop;
  }
}
