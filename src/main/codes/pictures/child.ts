/** The process of pictures as a child of Electron's. */
import { utilityProcess } from 'electron';
import type { PictureAnswer, PictureJob } from './picture.ts';
import type { PictureChild } from './picture-reader.ts';

/** `file` is the built program of that process. */
export function forkPictures(file: string): PictureChild {
  const child = utilityProcess.fork(file, [], {
    serviceName: 'Doorstep pictures',
    // It needs nothing of the environment: what the person's session passes there is none of its business.
    env: {},
    execArgv: ['--max-old-space-size=1024'],
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return {
    post: (job: PictureJob) => child.postMessage(job),
    onAnswer: (listener) => child.on('message', (answer: PictureAnswer) => listener(answer)),
    onExit: (listener) => child.once('exit', () => listener()),
    kill: () => void child.kill(),
  };
}
