import pg from 'pg';
import type { Topic } from '../../domain/stores.ts';
import type { Topics } from '../topics.ts';

export const CHANNEL = 'doorstep';
const FIRST_WAIT = 200;
const LONGEST_WAIT = 10_000;

/** One connection that listens (LISTEN/NOTIFY) and comes back after a break; then everybody looks again. */
export class Listener {
  readonly #address: string;
  readonly #topics: Topics;
  readonly #onProblem: (error: unknown) => void;
  #client: pg.Client | null = null;
  #retry: NodeJS.Timeout | null = null;
  #wait = FIRST_WAIT;
  #stopped = false;

  constructor(address: string, topics: Topics, onProblem: (error: unknown) => void) {
    this.#address = address;
    this.#topics = topics;
    this.#onProblem = onProblem;
  }

  async start(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#address, keepAlive: true });
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) this.#topics.announce([payload as Topic]);
    });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, null));
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    this.#client = client;
    this.#wait = FIRST_WAIT;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }

  #lost(client: pg.Client, error: unknown): void {
    if (this.#stopped || this.#client !== client) return;
    this.#client = null;
    if (error !== null) this.#onProblem(error);
    this.#again();
  }

  #again(): void {
    this.#retry = setTimeout(() => {
      this.start().then(
        () => this.#topics.announceAll(),
        (error: unknown) => {
          this.#onProblem(error);
          this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
          if (!this.#stopped) this.#again();
        },
      );
    }, this.#wait);
  }
}
