// The virtual terminal: up to 16 characters a call, first character in the most significant byte of the first register.
// (PAPR, "H_PUT_TERM_CHAR")
import { vtyUnit } from '../device-tree/vdevice.ts';
import type { PlatformState } from '../platform-state.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandlers } from './types.ts';

const charactersPerCall = 16;

/** Firmware and early consoles name the only terminal by 0. */
function isTerminal(unit: bigint): boolean {
  return unit === BigInt(vtyUnit) || unit === 0n;
}

export function terminalHandlers({ services }: PlatformState): HypercallHandlers {
  return {
    H_PUT_TERM_CHAR: (call) => {
      const length = call.argument(1);
      if (!isTerminal(call.argument(0)) || length > BigInt(charactersPerCall)) return status.H_PARAMETER;
      const characters = new Uint8Array(charactersPerCall);
      const view = new DataView(characters.buffer);
      view.setBigUint64(0, call.argument(2));
      view.setBigUint64(8, call.argument(3));
      if (length > 0n) services.writeConsole(characters.subarray(0, Number(length)));
      return status.H_SUCCESS;
    },
    H_GET_TERM_CHAR: (call) => {
      if (!isTerminal(call.argument(0))) return status.H_PARAMETER;
      const characters = new Uint8Array(charactersPerCall);
      const length = services.readConsole(characters);
      const view = new DataView(characters.buffer);
      call.setResult(0, BigInt(length));
      call.setResult(1, view.getBigUint64(0));
      call.setResult(2, view.getBigUint64(8));
      return status.H_SUCCESS;
    },
  };
}
