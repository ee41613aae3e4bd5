/** One stroke of an icon on the 24 by 24 grid. `width` is the line's width where it is not the usual 1.75. */
export type Stroke =
  | { readonly path: string; readonly width?: number }
  | { readonly circle: readonly [x: number, y: number, radius: number] }
  | { readonly rect: readonly [x: number, y: number, width: number, height: number, corner: number] };

export const ICONS = {
  home: [{ path: 'M4 11.5 12 5l8 6.5' }, { path: 'M6 10v9.5h12V10' }],
  key: [
    { path: 'M8.8 9V3.5h6.4V9' },
    { path: 'M10.9 6.2h.01M13.1 6.2h.01', width: 2 },
    { rect: [6.3, 9, 11.4, 11.5, 3.2] },
    { circle: [12, 14.7, 2] },
  ],
  code: [{ rect: [2.5, 6.5, 19, 11, 3] }, { path: 'M7.5 12h.01M12 12h.01M16.5 12h.01', width: 2.6 }],
  sheet: [{ path: 'M6 3.5h8.5L18 7v13.5H6z' }, { path: 'M9 11h6M9 14h6M9 17h3.5' }],
  search: [{ circle: [11, 11, 6.5] }, { path: 'm16 16 4.5 4.5' }],
  eye: [{ path: 'M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12z' }, { circle: [12, 12, 2.8] }],
  up: [{ path: 'M12 19.5v-15M6 10.5l6-6 6 6' }],
  down: [{ path: 'M12 4.5v15M6 13.5l6 6 6-6' }],
  drag: [{ path: 'M9 6.5h.01M15 6.5h.01M9 12h.01M15 12h.01M9 17.5h.01M15 17.5h.01', width: 2.6 }],
  power: [{ path: 'M12 3.5v8' }, { path: 'M7 6.7a7.5 7.5 0 1 0 10 0' }],
  print: [{ path: 'M7 8V3.5h10V8M7 17H4.5V8.5h15V17H17' }, { rect: [7, 13.5, 10, 7, 0.5] }],
  picture: [{ rect: [3, 4.5, 18, 15, 2.5] }, { circle: [8.5, 9.5, 1.8] }, { path: 'm4 17.5 5-4.5 3.5 3 3.5-3.5 4.5 4.5' }],
  screen: [{ path: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4' }, { rect: [8.5, 8.5, 7, 7, 1] }],
  paste: [{ rect: [5.5, 5, 13, 15.5, 2.5] }, { path: 'M9 5V3.5h6V5zM9 11h6M9 15h4' }],
  link: [
    { path: 'M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7L12 6.3' },
    { path: 'M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7L12 17.7' },
  ],
  settings: [{ path: 'M4 8h8M18 8h2M4 16h2M12 16h8' }, { circle: [15, 8, 2.5] }, { circle: [9, 16, 2.5] }],
  monitor: [{ rect: [3, 4.5, 18, 12, 2.5] }, { path: 'M8.5 20h7M12 16.5V20' }],
  door: [{ path: 'M6.5 20V9.5a5.5 5.5 0 0 1 11 0V20' }, { path: 'M3.5 20h17' }, { path: 'M14 13.4v.4', width: 2.4 }],
  user: [{ circle: [12, 8, 4] }, { path: 'M4.5 20.5c.6-4 3.7-6 7.5-6s6.9 2 7.5 6' }],
  plus: [{ path: 'M12 5v14M5 12h14' }],
  check: [{ path: 'm5 12.5 4.5 4.5L19 7.5' }],
  good: [{ circle: [12, 12, 8.5] }, { path: 'm8 12.3 2.8 2.8L16 9.6' }],
  bad: [{ circle: [12, 12, 8.5] }, { path: 'm9 9 6 6M15 9l-6 6' }],
  care: [{ path: 'M12 4.5 20.5 19h-17z' }, { path: 'M12 10.5v3.7M12 16.6h.01' }],
  info: [{ circle: [12, 12, 8.5] }, { path: 'M12 11.2v4.6M12 8.2h.01' }],
  clock: [{ circle: [12, 12, 8.5] }, { path: 'M12 7.3V12l3 2' }],
  lock: [{ rect: [5, 10.5, 14, 10, 2.5] }, { path: 'M8 10.5V8a4 4 0 0 1 8 0v2.5' }],
  pen: [{ path: 'm4 20 1-4.5L16 4.5l3.5 3.5L8.5 19z' }],
  trash: [{ path: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13' }],
  more: [{ path: 'M5.5 12h.01M12 12h.01M18.5 12h.01', width: 3 }],
  copy: [
    { rect: [8.5, 8.5, 11.5, 11.5, 2.5] },
    { path: 'M15.5 8.5V6.5A2.5 2.5 0 0 0 13 4H6.5A2.5 2.5 0 0 0 4 6.5V13a2.5 2.5 0 0 0 2.5 2.5h2' },
  ],
  refresh: [{ path: 'M19.5 12a7.5 7.5 0 1 1-2.3-5.4' }, { path: 'M19.5 4v4.5H15' }],
  buoy: [{ circle: [12, 12, 8.5] }, { circle: [12, 12, 3.5] }, { path: 'm6 6 3.5 3.5M18 6l-3.5 3.5M6 18l3.5-3.5M18 18l-3.5-3.5' }],
  touch: [{ path: 'M9.2 20.5V12a2.8 2.8 0 0 1 5.6 0v8.5' }, { path: 'M5.8 13.5a6.5 6.5 0 1 1 12.4 0' }],
  place: [{ path: 'M12 20.8s6.8-6 6.8-11.3a6.8 6.8 0 0 0-13.6 0C5.2 14.8 12 20.8 12 20.8z' }, { circle: [12, 9.7, 2.4] }],
  talk: [{ path: 'M4 5.5h16V16h-8.5L7 20v-4H4z' }],
  go: [{ path: 'm9 5.5 6.5 6.5L9 18.5' }],
  unfold: [{ path: 'm5.5 9 6.5 6.5L18.5 9' }],
  fold: [{ path: 'M5.5 15 12 8.5l6.5 6.5' }],
  close: [{ path: 'M6 6l12 12M18 6 6 18' }],
  spark: [{ path: 'M12 3.5v4M12 16.5v4M3.5 12h4M16.5 12h4M6 6l2.5 2.5M15.5 15.5 18 18M6 18l2.5-2.5M15.5 8.5 18 6' }],
} as const satisfies Record<string, readonly Stroke[]>;

export type IconName = keyof typeof ICONS;
