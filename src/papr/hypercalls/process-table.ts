// H_REGISTER_PROC_TBL: which MMU the guest uses, and where its process table is. (PAPR, "H_REGISTER_PROC_TBL")
import { state as layout } from '../../cpu/state.ts';
import type { PlatformState } from '../platform-state.ts';
import { lpcrBit, setLpcrBits } from '../registers.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandlers } from './types.ts';

const flag = { modify: 0x10n, register: 0x08n, radix: 0x04n, hashProcessTable: 0x02n, gtse: 0x01n } as const;
const allFlags = 0x1fn;
/** Largest PRTS: a table of 2^(12+24) bytes. */
const largestSize = 24n;
const sizeMask = 0x1fn;
const pageMask = 0xfffn;

/** H_REGISTER_PROC_TBL. */
export function processTableHandlers({ environment, services }: PlatformState): HypercallHandlers {
  return {
    H_REGISTER_PROC_TBL: (call) => {
      const flags = call.argument(0);
      const base = call.argument(1);
      const pageSize = call.argument(2);
      const size = call.argument(3);
      if (!environment.cpu.radix) return status.H_FUNCTION;
      if ((flags & ~allFlags) !== 0n) return status.H_PARAMETER;
      const radix = (flags & flag.radix) !== 0n;
      if (radix && environment.mmuModes === 'hash') return status.H_PARAMETER;
      if (!radix && environment.mmuModes === 'radix') return status.H_PARAMETER;
      let entry: bigint | undefined;
      if ((flags & flag.modify) === 0n) {
        // Neither registered nor given up: the table stays; registering without modifying means nothing.
        if ((flags & flag.register) !== 0n) return status.H_PARAMETER;
      } else if ((flags & flag.register) === 0n) {
        entry = 0n;
      } else if (radix) {
        if ((base & pageMask) !== 0n || base >> 60n !== 0n) return status.H_P2;
        if (pageSize !== 0n) return status.H_P3;
        if (size > largestSize) return status.H_P4;
        entry = base | size;
      } else {
        // A segment-table register: the base is a virtual segment, which no guest of this machine can have.
        if ((flags & flag.hashProcessTable) !== 0n) return status.H_PARAMETER;
        if (base >> 38n !== 0n) return status.H_P2;
        if ((pageSize & ~7n) !== 0n) return status.H_P3;
        if (size > largestSize) return status.H_P4;
        entry = (base << 25n) | (pageSize << 5n) | (size & sizeMask);
      }
      const { UPRT, HR, GTSE } = lpcrBit;
      const bits = (radix ? UPRT | HR : 0n) | ((flags & flag.gtse) !== 0n ? GTSE : 0n);
      for (const vcpu of services.vcpus) {
        if (entry !== undefined) vcpu.view.setBigUint64(layout.processTable.offset, entry, true);
        setLpcrBits(vcpu, UPRT | HR | GTSE, bits);
        services.contextChanged(vcpu);
      }
      services.invalidateTlb({ pid: undefined, range: undefined, walkCache: true, processTable: true });
      return status.H_SUCCESS;
    },
  };
}
