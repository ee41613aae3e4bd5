import { existsSync } from 'node:fs';
import path from 'node:path';

const BUILT = path.resolve(import.meta.dirname, '../../../dist/web');

/** Where the built pages lie, as the backend wants to be told. @throws where they are not built yet */
export function webPages(): Readonly<Record<string, string>> {
  if (!existsSync(path.join(BUILT, 'sign-in.html'))) throw new Error('dist/web is missing: run `npm run build` first');
  return { DOORSTEP_WEB: BUILT };
}
