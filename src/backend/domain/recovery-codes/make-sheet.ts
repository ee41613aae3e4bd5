import type { SpareCodes } from '../../../contract/http/codes.ts';
import { newAuthenticator } from '../authenticators/new-authenticator.ts';
import { type Asker, actorOf } from '../ceremonies/asker.ts';
import { instant } from '../clock.ts';
import type { Caller, Domain } from '../domain.ts';
import { newId } from '../identifiers.ts';
import { personChanged } from '../people/person-changed.ts';
import { newSpareCode, readSpareCode, spareCodeHasher } from './spare-code.ts';

const CODES = 10;

/** A new sheet of spare codes. The one before stops working at once, and the sessions that were opened with it end. */
export async function makeSpareCodes(domain: Domain, caller: Caller, asker: Asker): Promise<SpareCodes> {
  const id = newId();
  const hash = await spareCodeHasher(domain, id);
  const codes = Array.from({ length: CODES }, newSpareCode);
  const hashes = codes.map((code) => hash(readSpareCode(code) ?? ''));
  const now = domain.clock.now();
  const { person } = asker;
  await domain.store.transaction(async (tx) => {
    await tx.authenticators.lockWaysOf(person.id);
    const before = (await tx.authenticators.listOf(person.id)).filter(({ kind }) => kind === 'recovery-codes');
    for (const sheet of before) {
      await tx.authenticators.remove(sheet.id, now, null);
      await tx.spareCodes.removeAll(sheet.id);
      await tx.sessions.removeShownWith(sheet.id, asker.kind === 'session' ? asker.session.id : null);
    }
    await tx.authenticators.insert(
      newAuthenticator(
        { personId: person.id, kind: 'recovery-codes', name: 'Spare codes', addedAt: now, addedFrom: caller.source },
        { id, spareCodesLeft: CODES },
      ),
    );
    await tx.spareCodes.insert(id, hashes);
    await personChanged(tx, person.id);
    await tx.audit.append(
      {
        event: 'spare-codes.made',
        outcome: 'done',
        actor: actorOf(asker),
        personId: person.id,
        subjectId: id,
        source: caller.source,
        reason: null,
        facts: { codes: CODES, replaces: before[0]?.id ?? null },
      },
      now,
    );
  });
  return { codes, madeAt: instant(now) };
}
