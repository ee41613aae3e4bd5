/**
 * Draws the icons of the app and its tray from the shapes below: `node build/icons/draw.mjs`.
 * The pictures are kept beside it, so that nobody needs a browser to run the app.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const folder = path.dirname(fileURLToPath(import.meta.url));
const DOOR = 'M6.5 20V9.5a5.5 5.5 0 0 1 11 0V20M3.5 20h17';

/** The state is the shape: a knob, a filled disc, a mark, a dashed door. */
const LOOKS = {
  ready: `<path d="${DOOR}"/><path d="M14 13.4v.4" stroke-width="2.6"/>`,
  waiting: `<path d="${DOOR}"/><circle cx="12" cy="12.5" r="3.2" fill="INK" stroke="none"/>`,
  'needs-care': `<path d="${DOOR}"/><path d="M12 9v4.5" stroke-width="2.4"/><path d="M12 16.7h.01" stroke-width="2.8"/>`,
  offline: `<path d="${DOOR}" stroke-dasharray="2.2 3"/>`,
};
const INKS = { dark: '#14201c', light: '#ffffff' };

const svg = (size, content, ink, extra = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 24 24" fill="none" stroke="${ink}"` +
  ` stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${extra}${content.replaceAll('INK', ink)}</svg>`;

const pictures = [];
for (const [look, content] of Object.entries(LOOKS)) {
  for (const [name, ink] of Object.entries(INKS)) {
    pictures.push([`tray-${look}-${name}.png`, 22, svg(22, content, ink)], [`tray-${look}-${name}@2x.png`, 44, svg(44, content, ink)]);
  }
}
const tile = '<rect width="24" height="24" rx="5.5" fill="#0a6350" stroke="none"/>';
const app = `<g transform="translate(12 12) scale(.72) translate(-12 -12)">${LOOKS.ready}</g>`;
pictures.push(['doorstep.png', 512, svg(512, app, '#ffffff', tile)]);

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', chromiumSandbox: process.getuid?.() !== 0 });
const page = await browser.newPage();
for (const [name, size, text] of pictures) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>html,body{margin:0;background:none}svg{display:block}</style>${text}`);
  writeFileSync(path.join(folder, name), await page.screenshot({ omitBackground: true }));
}
await browser.close();
