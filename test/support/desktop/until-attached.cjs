/**
 * Loaded into Electron before the program (`-r`): the program is told that Electron is ready when the driver has hold of it,
 * which Playwright says with a call of this name. Playwright's own loader does the same, but only for a program whose
 * Electron it finds itself.
 */
const { app } = require('electron');

const ready = app.whenReady();
const attached = new Promise((resolve) => {
  globalThis.__playwright_run = resolve;
});
app.whenReady = async () => {
  await attached;
  await ready;
};
