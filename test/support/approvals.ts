/** A person with a desktop at a backend whose library and VPN ask too, and what a test of their approvals looks at. */
import { expect } from 'vitest';
import type { ApprovalRequest, ApprovalStatus } from '../../src/contract/http/approvals.ts';
import type { Challenge, DeviceSnapshot } from '../../src/contract/http/shapes.ts';
import type { Browser, Desktop, Service } from './backend.ts';
import { type BackendHere, startBackendHere } from './backend-here.ts';
import { codeOf, Household } from './household.ts';

export const RETURN = 'https://library.example/returned';
/** As of a browser and a desktop at different places. */
export const ELSEWHERE = { 'x-forwarded-for': '203.0.113.7' };

/** A number that is not this one. */
export const other = (number: string): string => number.replace(/^./, (digit) => String((Number(digit) + 1) % 10));

export class ApprovalWorld {
  readonly backend: BackendHere;
  readonly house: Household;
  readonly library: Service;
  readonly vpn: Service;
  /** Of the household; a test that removes it pairs another one. */
  desktop: Desktop;

  private constructor(backend: BackendHere, house: Household, library: Service, vpn: Service, desktop: Desktop) {
    this.backend = backend;
    this.house = house;
    this.library = library;
    this.vpn = vpn;
    this.desktop = desktop;
  }

  static async open(environment: Readonly<Record<string, string>>): Promise<ApprovalWorld> {
    const backend = await startBackendHere({ environment: { ...environment, DOORSTEP_TRUSTED_PROXIES: '127.0.0.1' } });
    const house = await Household.open(backend, 'amina');
    const library = await backend.addService('Library', [RETURN]);
    return new ApprovalWorld(backend, house, library, await backend.addService('VPN'), await house.desktop());
  }

  stop(): Promise<void> {
    return this.backend.stop();
  }

  /** What was denied or asked too often before is forgotten by then. */
  nextDay(): void {
    this.backend.clock.advance(25 * 3_600_000);
  }

  /** The request of a page. */
  async begun(browser: Browser, challengeId?: string): Promise<ApprovalRequest> {
    const answer = await browser.begin(challengeId);
    expect(codeOf(answer)).toBe(201);
    return answer.body;
  }

  /** The request of a service. */
  async ask(service: Service, body: object): Promise<Challenge> {
    const answer = await service.call<Challenge>('createChallenge', { body });
    expect(codeOf(answer)).toBe(201);
    return answer.body;
  }

  async statusOf(browser: Browser, id: string): Promise<ApprovalStatus['state']> {
    return (await browser.call<ApprovalStatus>('approval', { params: { id } })).body.state;
  }

  async waiting(at = this.desktop): Promise<DeviceSnapshot['challenges']> {
    return (await at.call<DeviceSnapshot>('deviceSnapshot')).body.challenges;
  }

  async read(service: Service, id: string, query = ''): Promise<Challenge> {
    return (await service.call<Challenge>('challenge', { params: { id }, query })).body;
  }

  trail() {
    return this.backend.domain.store.read.audit.list(1, 100_000);
  }

  /** The rows of the trail about this subject. */
  async about(id: string) {
    return (await this.trail()).filter(({ subjectId }) => subjectId === id);
  }
}
