// The smallest app that lives in the tray: an icon, a menu of two entries, one window that hides when it is closed; with
// --destroys-window it is made anew when it is wanted again.
const { app, BrowserWindow, Menu, nativeImage, Tray } = require('electron');
const path = require('node:path');

app.enableSandbox();
const destroys = process.argv.includes('--destroys-window');
let tray;
let window;
let quitting = false;

function show() {
  if (window) {
    window.show();
    return;
  }
  window = new BrowserWindow({ width: 1000, height: 680, show: false, title: 'Hello tray' });
  window.once('ready-to-show', () => window.show());
  window.on('close', (event) => {
    if (quitting) return;
    if (destroys) {
      window = undefined;
      return;
    }
    event.preventDefault();
    window.hide();
  });
  window.loadURL('data:text/html,<title>Hello tray</title><h1>Hello</h1>');
}

app.on('before-quit', () => {
  quitting = true;
});
app.on('window-all-closed', () => undefined);
app.whenReady().then(() => {
  tray = new Tray(
    nativeImage.createFromPath(path.join(__dirname, '..', '..', '..', 'build', 'icons', 'doorstep.png')).resize({ width: 22 }),
  );
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: 'Open', click: show },
      { label: 'Quit', click: () => app.quit() },
    ]),
  );
  if (!process.argv.includes('--hidden')) show();
});
