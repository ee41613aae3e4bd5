/** The base of the tests of the app's windows: they are served, and a test holds the bridge behind them. */
import { type AppServer, serveApp } from './app-server.ts';
import { test as base } from './look.ts';

export const test = base.extend<object, { readonly server: AppServer }>({
  server: [
    async ({ browserName: _ }, use) => {
      const server = await serveApp();
      await use(server);
      await server.stop();
    },
    { scope: 'worker' },
  ],
});
