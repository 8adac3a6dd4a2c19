// Invalidation of translations by the hypervisor, for a guest that may not or does not execute tlbie.
// (specification section 8)
import type { PlatformState } from '../platform-state.ts';
import { lpcrBit, spr } from '../registers.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandlers } from './types.ts';

/** Bits of the argument "what" of H_RPT_INVALIDATE. */
const what = { nested: 1n, tlb: 2n, walkCache: 4n, processTable: 8n, all: 0xen } as const;
const endOfAll = 0xffff_ffff_ffff_ffffn;
const pageSizes = 0xfn;

export function translationHandlers({ services }: PlatformState): HypercallHandlers {
  return {
    H_RPT_INVALIDATE: (call) => {
      const pid = call.argument(0);
      const kinds = call.argument(2);
      const sizes = call.argument(3);
      const start = call.argument(4);
      const end = call.argument(5);
      if ((call.vcpu.spr(spr.LPCR) & lpcrBit.HR) === 0n) return status.H_UNSUPPORTED;
      if (end < start) return status.H_P5;
      if ((kinds & what.nested) !== 0n) return status.H_FUNCTION;
      if ((kinds & what.all) === what.all) {
        services.invalidateTlb({ pid, range: undefined, walkCache: true, processTable: true });
        return status.H_SUCCESS;
      }
      const walkCache = (kinds & what.walkCache) !== 0n;
      const whole = start === 0n && end === endOfAll;
      if (whole || walkCache) {
        services.invalidateTlb({ pid, range: undefined, walkCache, processTable: false });
      } else if ((sizes & pageSizes) !== 0n) {
        services.invalidateTlb({ pid, range: { start, end }, walkCache, processTable: false });
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
