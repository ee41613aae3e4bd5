/** A desktop greets, sends changes, and greets again. */
import type { AuditRow } from '../../../src/backend/domain/audit.ts';
import { newId } from '../../../src/backend/domain/identifiers.ts';
import type { DeviceSnapshot } from '../../../src/contract/http/shapes.ts';
import type { ChangeResults, DeviceChange } from '../../../src/contract/http/sync.ts';
import type { Visitor } from './arena.ts';
import { type Actor, demand, Flight, must, type Scenario } from './scenario.ts';

class Changer implements Actor {
  readonly flight = new Flight();
  readonly #visitor: Visitor;
  #count = 0;
  #version = 0;
  /** Sent, and perhaps not acknowledged. */
  #underWay: DeviceChange[] = [];
  #acknowledged: DeviceChange[] = [];

  constructor(visitor: Visitor) {
    this.#visitor = visitor;
  }

  async act(): Promise<void> {
    const { desktop } = this.#visitor;
    const welcome = must(await this.flight.of(desktop.hello()), 200, 'the desktop could not greet');
    this.#see(welcome.snapshot);
    for (let batch = 0; batch < 2; batch += 1) {
      this.#underWay = [this.#rename(), this.#rename()];
      const { results, snapshot } = must(await this.flight.of(this.#send(this.#underWay)), 200, 'changes were not taken');
      this.#see(snapshot);
      demand(
        results.every(({ outcome }) => outcome === 'done'),
        `changes were ${results.map(({ outcome }) => outcome).join(', ')}`,
      );
      this.#acknowledged.push(...this.#underWay);
      this.#underWay = [];
    }
  }

  #rename(): DeviceChange {
    this.#count += 1;
    const change = { kind: 'rename' as const, name: `Key ${this.#count}` };
    return { key: newId(), madeAt: new Date().toISOString(), authenticatorId: this.#visitor.keyId, change };
  }

  #send(changes: readonly DeviceChange[]) {
    return this.#visitor.desktop.call<ChangeResults>('deviceChanges', { body: { changes } });
  }

  #see({ version }: DeviceSnapshot): void {
    demand(version >= this.#version, `the version went back from ${this.#version} to ${version}`);
    this.#version = version;
  }

  async check(): Promise<void> {
    const { desktop, keyId } = this.#visitor;
    // Whatever became of the last greeting, the generation that the desktop knows is good.
    this.#see(must(await desktop.hello(), 200, 'the desktop was shut out').snapshot);
    const all = [...this.#acknowledged.slice(-8), ...this.#underWay];
    if (all.length === 0) return;
    const { results, snapshot } = must(await this.#send(all), 200, 'changes were not taken again');
    this.#see(snapshot);
    demand(
      results.every(({ outcome }) => outcome === 'done'),
      `changes sent again were ${results.map(({ outcome }) => outcome).join(', ')}`,
    );
    this.#acknowledged.push(...this.#underWay);
    this.#underWay = [];
    const last = this.#acknowledged.at(-1)?.change;
    const shown = snapshot.authenticators.find(({ id }) => id === keyId)?.name;
    demand(last?.kind === 'rename' && shown === last.name, `the name is ${shown}`);
  }

  checkTrail(rows: readonly AuditRow[]): void {
    const own = rows.filter(
      (row) => row.event === 'authenticator.changed' && row.subjectId === this.#visitor.keyId && row.outcome === 'done',
    );
    demand(own.length === this.#acknowledged.length, `${this.#acknowledged.length} changes left ${own.length} records`);
  }
}

export const sync: Scenario = {
  name: 'sync',
  prepare: async (arena, count) => (await arena.visitors(count, 'password')).map((visitor) => new Changer(visitor)),
};
