/**
 * Names of the two wires between the windows and the main process. Only `main/ipc/door.ts` and the preload
 * use them. They stand apart from the channel map so that the sandboxed preload carries no schema library.
 */
export const IPC_INVOKE = 'doorstep:invoke';
export const IPC_STATE = 'doorstep:state';
