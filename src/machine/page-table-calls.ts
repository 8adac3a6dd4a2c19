// Hypercalls on the hash page table, served by the data plane, which reads and writes the caller's registers itself.
// (PAPR, "Page Frame Table Access")
import { hashPageBit } from '../cpu/memory-map.ts';
import type { Environment } from '../environment/index.ts';
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

/** The page sizes of `ibm,segment-page-sizes` as the data plane takes them. */
export function offeredHashPages({ pageSizes }: Environment): number {
  return pageSizes.segments
    .flatMap(({ shift, pages }) => pages.map((page) => hashPageBit(shift, page.shift)))
    .reduce((sum, bit) => sum + bit, 0);
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
