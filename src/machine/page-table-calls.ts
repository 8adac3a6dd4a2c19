// Hypercalls on the hash page table, served by the data plane, which reads and writes the caller's registers itself.
// (PAPR, "Page Frame Table Access")
import type { HypercallHandler, HypercallHandlers } from '../papr/hypercalls/types.ts';

type PageTableFunction = (cpu: number) => number;

/** Data-plane functions behind the hypercalls: each takes a vCPU's address and returns the status. */
export interface PageTableFunctions {
  readonly hEnter: PageTableFunction;
  readonly hRemove: PageTableFunction;
  readonly hBulkRemove: PageTableFunction;
  readonly hProtect: PageTableFunction;
  readonly hRead: PageTableFunction;
  readonly hClearRef: PageTableFunction;
  readonly hClearMod: PageTableFunction;
}

/** Handlers by PAPR name. */
export function pageTableHypercalls(functions: PageTableFunctions): HypercallHandlers {
  const handler =
    (name: keyof PageTableFunctions): HypercallHandler =>
    (call) =>
      BigInt(functions[name](call.vcpu.address));
  return {
    H_ENTER: handler('hEnter'),
    H_REMOVE: handler('hRemove'),
    H_BULK_REMOVE: handler('hBulkRemove'),
    H_PROTECT: handler('hProtect'),
    H_READ: handler('hRead'),
    H_CLEAR_REF: handler('hClearRef'),
    H_CLEAR_MOD: handler('hClearMod'),
  };
}
