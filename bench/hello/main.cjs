// The bare runtime with one empty window: the peer of the bench of the first window.
const { app, BrowserWindow } = require('electron');

app.enableSandbox();
app.whenReady().then(() => {
  const window = new BrowserWindow({ width: 1000, height: 680, show: false, title: 'Bare window' });
  window.once('ready-to-show', () => window.show());
  window.loadURL('data:text/html,<title>Bare window</title>');
});
