import { hash } from '@node-rs/argon2';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { PasswordHasher } from '../../../../src/backend/domain/people/password-hasher.ts';
import { createPasswordHasher } from '../../../../src/backend/passwords/argon2.ts';
import { Turnstile } from '../../../../src/backend/passwords/turnstile.ts';

// Both cores may be busy with other suites.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('password hashes', () => {
  let passwords: PasswordHasher;
  beforeAll(async () => {
    passwords = await createPasswordHasher({ places: 1, waiting: 4 });
  });

  it('are argon2id with the parameters of today, salted', async () => {
    const [one, two] = [await passwords.hash('secret'), await passwords.hash('secret')];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await passwords.verify(one, 'secret')).toBe(true);
    expect(await passwords.verify(one, 'Secret')).toBe(false);
    expect(await passwords.verify(null, 'no such person')).toBe(false);
    expect(passwords.isOutdated(one)).toBe(false);
    expect(passwords.isOutdated(await hash('secret', { memoryCost: 8_192, timeCost: 2 }))).toBe(true);
  });

  it('are the same for each way of composing a letter', async () => {
    expect(await passwords.verify(await passwords.hash('café'), 'cafe\u0301')).toBe(true);
  });

  it('take as long for nobody as for somebody', async () => {
    const stored = await passwords.hash('secret');
    const time = async (of: string | null): Promise<number> => {
      const begin = performance.now();
      await passwords.verify(of, 'wrong');
      return performance.now() - begin;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 15; round += 1) {
      known.push(await time(stored));
      unknown.push(await time(null));
    }
    const median = (figures: number[]): number => figures.sort((a, b) => a - b)[7] ?? Number.NaN;
    expect(median(unknown) / median(known)).toBeGreaterThan(0.5);
    expect(median(unknown) / median(known)).toBeLessThan(2);
  });

  it('turn the rest of a flood away', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => passwords.verify(null, 'x')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'request.busy' });
  });
});

describe('a turnstile', () => {
  it('lets so many in at a time, in order, and goes on after a failure', async () => {
    const turnstile = new Turnstile({ places: 2, waiting: 100 }, () => new Error('full'));
    let inside = 0;
    let most = 0;
    const order: number[] = [];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) =>
        turnstile.pass(async () => {
          inside += 1;
          most = Math.max(most, inside);
          order.push(index);
          await new Promise((resolve) => setTimeout(resolve, 1));
          inside -= 1;
          if (index % 7 === 0) throw new Error('work failed');
        }),
      ),
    );
    expect(most).toBe(2);
    expect(order).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(5);
  });
});
