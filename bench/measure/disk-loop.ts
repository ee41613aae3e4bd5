/** `node disk-loop.ts FOLDER SECONDS`: prints the milliseconds of each write with its fdatasync, as JSON. */
import { fdatasyncs } from './disk.ts';

const [folder = '', seconds = ''] = process.argv.slice(2);
console.log(JSON.stringify(fdatasyncs(folder, Number(seconds))));
