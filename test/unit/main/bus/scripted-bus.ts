/** A message bus whose services are functions; a call that nobody scripted fails as on a real bus. */
import { type Bus, type BusCall, BusFault, type BusSignal } from '../../../../src/main/bus/bus.ts';

export class ScriptedBus implements Bus {
  readonly calls: BusCall[] = [];
  readonly #services = new Map<string, (call: BusCall) => readonly unknown[] | Promise<readonly unknown[]>>();
  readonly #owners = new Map<string, string>();
  readonly #watchers: { name: string; listener: (owner: string | null) => void }[] = [];
  readonly #signals: { from: { name: string; interface: string; member: string }; listener: (signal: BusSignal) => void }[] = [];

  /** Somebody takes the name; `answer` is called with each call to it. */
  own(name: string, owner: string, answer: (call: BusCall) => readonly unknown[] | Promise<readonly unknown[]>): void {
    this.#services.set(name, answer);
    this.#owners.set(name, owner);
    for (const watcher of [...this.#watchers]) if (watcher.name === name) watcher.listener(owner);
  }

  leave(name: string): void {
    this.#services.delete(name);
    this.#owners.delete(name);
    for (const watcher of [...this.#watchers]) if (watcher.name === name) watcher.listener(null);
  }

  emit(name: string, face: string, member: string, body: readonly unknown[], path = '/'): void {
    for (const { from, listener } of [...this.#signals]) {
      if (from.name === name && from.interface === face && from.member === member)
        listener({ sender: this.#owners.get(name) ?? '', path, body });
    }
  }

  async call(call: BusCall): Promise<readonly unknown[]> {
    this.calls.push(call);
    const service = this.#services.get(call.name);
    if (service === undefined) throw new BusFault('org.freedesktop.DBus.Error.ServiceUnknown');
    return await service(call);
  }

  on(from: { name: string; interface: string; member: string }, listener: (signal: BusSignal) => void): () => void {
    const entry = { from, listener };
    this.#signals.push(entry);
    return () => void this.#signals.splice(this.#signals.indexOf(entry), 1);
  }

  watch(name: string, listener: (owner: string | null) => void): () => void {
    const entry = { name, listener };
    this.#watchers.push(entry);
    listener(this.#owners.get(name) ?? null);
    return () => void this.#watchers.splice(this.#watchers.indexOf(entry), 1);
  }

  joined(): boolean {
    return true;
  }

  variant(signature: string, value: unknown): unknown {
    return { signature, value };
  }

  close(): void {}
}
