import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { FromTokenProcess, TokenSummary } from '../../../src/contract/tokens.ts';
import { practiceSource, startTokenService, type TokenService } from '../../../src/device/index.ts';
import { serveToken, VirtualToken } from '../../support/token/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'doorstep-practice-'));
let service: TokenService | null = null;
afterEach(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('lists the practice key while its socket is there', async () => {
  const path = join(folder, 'reports');
  let tokens: readonly TokenSummary[] = [];
  let changed = () => {};
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => (changed = resolve));
  };
  service = startTokenService({
    sources: [practiceSource({ path, pollMs: 200 })],
    port: {
      onMessage: () => {},
      post(message: FromTokenProcess) {
        if (message.kind === 'tokens') tokens = message.tokens;
        changed();
      },
    },
  });
  const token = new VirtualToken();
  for (let turn = 0; turn < 3; turn++) {
    token.plugIn();
    const server = await serveToken(token, path);
    await until(() => tokens[0]?.state.kind === 'ready');
    expect(tokens).toMatchObject([{ source: 'practice', product: 'Doorstep practice key', protocol: 'fido2' }]);
    token.unplug();
    await server.close();
    await until(() => tokens.length === 0);
  }
});
