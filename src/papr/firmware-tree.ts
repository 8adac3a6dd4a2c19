// The flattened tree in guest memory, where a firmware image finds it and gives it back. (specification section 7.3)

import { firstPhandle } from './device-tree/tree-inputs.ts';
import { FdtError } from './fdt/fdt-error.ts';
import { fdtHeaderBytes } from './fdt/format.ts';
import { readFdt } from './fdt/reader.ts';
import { hypercallStatus as status } from './hypercalls/status.ts';
import type { HypercallHandlers } from './hypercalls/types.ts';
import type { PlatformState } from './platform-state.ts';
import { ramAddress } from './real-address.ts';

/** Bytes kept for the tree. */
const largestTree = 0x20_0000;
/** The tree lies below this real address, so that 32-bit code reaches it. */
const treeLimit = 0x8000_0000;

/** Real address of the tree for a guest with this much memory. */
export function firmwareTreeAddress(memoryBytes: number): number {
  return Math.min(memoryBytes, treeLimit) - largestTree;
}

/** H_UPDATE_DT: firmware has changed the tree and gives it back. */
export function updateTreeHandlers(state: PlatformState): HypercallHandlers {
  return {
    H_UPDATE_DT: (call) => {
      if (!state.environment.traits.updateDeviceTree) return status.H_SUCCESS;
      const address = ramAddress(call.memory, call.argument(0), fdtHeaderBytes);
      if (address === undefined) return status.H_PARAMETER;
      const size = call.memory.read32(address + 4);
      if (size > largestTree || !call.memory.contains(address, size)) return status.H_PARAMETER;
      try {
        state.tree = readFdt(call.memory.readBytes(address, size)).number(firstPhandle);
        return status.H_SUCCESS;
      } catch (error) {
        if (!(error instanceof FdtError)) throw error;
        state.services.log('guest_errors', `H_UPDATE_DT: ${error.message}`);
        return status.H_PARAMETER;
      }
    },
  };
}
