/** Entry of the process that reads pictures. */
import { servePictures } from './picture-process.ts';

const { parentPort } = process;
servePictures({
  post: (answer) => parentPort.postMessage(answer),
  onJob: (listener) => parentPort.on('message', ({ data }) => listener(data)),
});
