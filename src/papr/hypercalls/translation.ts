// Invalidation of translations by the hypervisor, for a guest that may not or does not execute tlbie.
// (specification section 8)
import type { PlatformState } from '../platform-state.ts';
import { lpcrBit, spr } from '../registers.ts';
import type { TlbInvalidation } from '../services.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandlers } from './types.ts';

/** The argument "target": all vCPUs. Others do not matter: all are meant in any case. */
const targetAll = 1n;
/** Bits of the argument "what" of H_RPT_INVALIDATE. */
const what = { nested: 1n, tlb: 2n, walkCache: 4n, processTable: 8n, all: 0xen } as const;
const endOfAll = 0xffff_ffff_ffff_ffffn;
/** The argument's bits for page sizes, and the sizes' log2. */
const pageSizes = [
  { bit: 8n, shift: 30n },
  { bit: 4n, shift: 21n },
  { bit: 2n, shift: 16n },
  { bit: 1n, shift: 12n },
] as const;

/** The bytes of all pages of the largest size that have a byte of the range; undefined: the whole process. */
function touched(start: bigint, end: bigint, sizes: bigint): TlbInvalidation['range'] | 'nothing' {
  const largest = pageSizes.find(({ bit }) => (sizes & bit) !== 0n);
  if (largest === undefined || start === end) return 'nothing';
  const inPage = (1n << largest.shift) - 1n;
  const after = (end + inPage) & ~inPage;
  return after > endOfAll ? undefined : { start: start & ~inPage, end: after };
}

/** Handlers by name. */
export function translationHandlers({ environment, services }: PlatformState): HypercallHandlers {
  return {
    H_RPT_INVALIDATE: (call) => {
      const pid = call.argument(0);
      const kinds = call.argument(2);
      const sizes = call.argument(3);
      const start = call.argument(4);
      const end = call.argument(5);
      if ((call.vcpu.spr(spr.LPCR) & lpcrBit.HR) === 0n) return status.H_UNSUPPORTED;
      if (end < start) return status.H_P5;
      if ((kinds & what.nested) !== 0n) {
        if (!environment.nestedHv) return status.H_FUNCTION;
        // No guest of this guest has been entered, so that nothing is kept of any.
        return call.argument(1) === targetAll ? status.H_SUCCESS : status.H_P2;
      }
      if ((kinds & what.all) === what.all) {
        services.invalidateTlb({ pid, range: undefined, walkCache: true, processTable: true });
        return status.H_SUCCESS;
      }
      const walkCache = (kinds & what.walkCache) !== 0n;
      const whole = start === 0n && end === endOfAll;
      const range = whole ? undefined : touched(start, end, sizes);
      if (whole || walkCache || range !== 'nothing') {
        // A walk cache has no addresses.
        const dropped = range === 'nothing' ? { start, end: start } : range;
        services.invalidateTlb({ pid, range: dropped, walkCache, processTable: false });
      }
      return status.H_SUCCESS;
    },
    // Both are reserved for hash guests with segment tables, which this machine does not offer.
    H_CLEAN_SLB: () => status.H_FUNCTION,
    H_INVALIDATE_PID: () => status.H_FUNCTION,
    // A nested guest's translations are dropped at each switch between it and its hypervisor.
    H_TLB_INVALIDATE: () => status.H_SUCCESS,
  };
}
