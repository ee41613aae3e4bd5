/** The bridge: typed invoke and subscribe, no logic. Sandboxed: of Electron it has contextBridge and ipcRenderer alone. */
import { contextBridge, ipcRenderer } from 'electron';
import type { AppState, DoorstepBridge } from '../contract/ipc.ts';
import { IPC_INVOKE, IPC_STATE } from '../contract/ipc-wires.ts';

const bridge: DoorstepBridge = {
  invoke: (channel, request) => ipcRenderer.invoke(IPC_INVOKE, channel, request),
  subscribe(listener) {
    // The event object stays here: it would hand the window a reference to ipcRenderer.
    const forward = (_event: unknown, state: AppState) => listener(state);
    ipcRenderer.on(IPC_STATE, forward);
    return () => {
      ipcRenderer.removeListener(IPC_STATE, forward);
    };
  },
};

contextBridge.exposeInMainWorld('doorstep', bridge);
