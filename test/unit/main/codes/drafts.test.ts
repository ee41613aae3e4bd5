import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDrafts } from '../../../../src/main/codes/drafts.ts';
import { buildOtpauth } from '../../../../src/oath/otpauth.ts';
import { type Entry, migrationLink } from '../../oath/migration-maker.ts';
import { totpSeed } from './world.ts';

const nothingKnown = async () => null;
const entry = (number: number): Entry => ({
  secret: Buffer.from(totpSeed().key),
  name: `n${number}`,
  issuer: 'Export',
  algorithm: 1,
  digits: 1,
  type: 2,
});

afterEach(() => vi.useRealTimers());

describe('a draft', () => {
  it('has what the links say, marks what is kept already, and no seed', async () => {
    const seeds = [totpSeed({ issuer: 'A' }), totpSeed({ issuer: 'B', digits: 8 })];
    const drafts = createDrafts(async ({ issuer }) => (issuer === 'B' ? 'known-id' : null));
    const draft = await drafts.read(seeds.map(buildOtpauth), undefined);
    expect(draft).toMatchObject({
      items: [
        { index: 0, issuer: 'A', duplicateOf: null },
        { index: 1, issuer: 'B', digits: 8, duplicateOf: 'known-id' },
      ],
      parts: null,
      refused: [],
    });
    expect(JSON.stringify(draft)).not.toMatch(/secret|EAQCA/);
    expect(drafts.take(draft.draftId, [1, 1]).map(({ issuer }) => issuer)).toEqual(['B']);
  });

  it('has one item for a code that was seen twice', async () => {
    const link = buildOtpauth(totpSeed());
    expect((await createDrafts(nothingKnown).read([link, link, 'https://example.org'], undefined)).items).toHaveLength(1);
  });

  it('names the links that cannot be kept beside those that can', async () => {
    const good = buildOtpauth(totpSeed());
    const bad = 'otpauth://totp/Old%20Bank:alice?secret=JBSWY3DPEHPK3PXP&algorithm=MD5';
    expect((await createDrafts(nothingKnown).read([good, bad], undefined)).refused).toEqual(['Old Bank:alice (MD5)']);
  });

  it('says what is wrong where no link is any good', async () => {
    const drafts = createDrafts(nothingKnown);
    await expect(drafts.read(['https://example.org'], undefined)).rejects.toMatchObject({
      code: 'seed.malformed',
      detail: { reason: 'link' },
    });
    await expect(drafts.read([], undefined)).rejects.toMatchObject({ code: 'seed.malformed' });
    await expect(drafts.read(['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&digits=7'], undefined)).rejects.toMatchObject({
      code: 'seed.unsupported',
      detail: { reason: 'digits', given: '7' },
    });
  });

  it('grows by further parts of an export, in any order and seen twice', async () => {
    const drafts = createDrafts(nothingKnown);
    const parts = [0, 1, 2].map((index) => migrationLink({ entries: [entry(index * 2), entry(index * 2 + 1)], size: 3, index, id: -7 }));
    const first = await drafts.read([parts[2]!], undefined);
    expect(first).toMatchObject({ parts: { seen: [3], of: 3 } });
    expect(await drafts.read([parts[2]!], first.draftId)).toMatchObject({ parts: { seen: [3], of: 3 }, items: [{}, {}] });
    expect(await drafts.read([parts[0]!], first.draftId)).toMatchObject({ draftId: first.draftId, parts: { seen: [1, 3], of: 3 } });
    const whole = await drafts.read([parts[1]!], first.draftId);
    expect(whole.parts).toEqual({ seen: [1, 2, 3], of: 3 });
    expect(whole.items.map(({ account }) => account).sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5']);
    expect(drafts.take(first.draftId, [0, 5])).toHaveLength(2);
  });

  it('begins the count anew with a part of another export', async () => {
    const drafts = createDrafts(nothingKnown);
    const first = await drafts.read([migrationLink({ entries: [entry(0)], size: 2, index: 0, id: 1 })], undefined);
    const more = await drafts.read([migrationLink({ entries: [entry(1)], size: 2, index: 1, id: 2 })], first.draftId);
    expect(more).toMatchObject({ parts: { seen: [2], of: 2 }, items: [{}, {}] });
  });

  it('ends after ten minutes, when it is dropped, and makes room for newer ones', async () => {
    vi.useFakeTimers();
    const drafts = createDrafts(nothingKnown);
    const make = async () => (await drafts.read([buildOtpauth(totpSeed())], undefined)).draftId;
    const late = await make();
    await vi.advanceTimersByTimeAsync(10 * 60_000 + 1);
    expect(() => drafts.take(late, [0])).toThrow();
    const dropped = await make();
    drafts.drop(dropped);
    expect(() => drafts.take(dropped, [0])).toThrow();
    await expect(drafts.read([buildOtpauth(totpSeed())], dropped)).rejects.toMatchObject({ code: 'ipc.refused' });
    const first = await make();
    for (let more = 0; more < 8; more++) await make();
    expect(() => drafts.take(first, [0])).toThrow();
    const last = await make();
    expect(() => drafts.take(last, [1])).toThrow();
    expect(drafts.take(last, [0])).toHaveLength(1);
    drafts.clear();
    expect(() => drafts.take(last, [0])).toThrow();
  });
});
