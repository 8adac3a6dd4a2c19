// Invalidation of translations by the hypervisor, for a guest that may not or does not execute tlbie.
// (specification section 8)
import type { Vcpu } from '../../cpu/vcpu.ts';
import type { PlatformState } from '../platform-state.ts';
import { lpcrBit, msrBit, spr } from '../registers.ts';
import type { PlatformServices, TlbInvalidation } from '../services.ts';
import type { NestedGuests } from './nested.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandlers } from './types.ts';

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

/** H_RPT_INVALIDATE for a process of the caller, whoever that is: the vCPUs' tables go by PID. */
function processInvalidate(services: PlatformServices, argument: (n: number) => bigint): bigint {
  const [pid, kinds, sizes, start, end] = [argument(0), argument(2), argument(3), argument(4), argument(5)];
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
}

/**
 * H_RPT_INVALIDATE of a guest of the guest, its registers in the vCPU: the status of one for its own processes; undefined: the
 * call is for its hypervisor.
 */
export function invalidateForNested({ environment, services }: PlatformState, vcpu: Vcpu): bigint | undefined {
  const row = environment.hypercalls.find(({ name }) => name === 'H_RPT_INVALIDATE');
  if (row === undefined || vcpu.gpr(3) !== BigInt(row.number) || (vcpu.msr & msrBit.PR) !== 0n) return undefined;
  const argument = (n: number): bigint => vcpu.gpr(4 + n);
  if ((argument(2) & what.nested) !== 0n) return undefined;
  return argument(5) < argument(4) ? status.H_P5 : processInvalidate(services, argument);
}

/** Handlers by name. */
export function translationHandlers({ services }: PlatformState, nested: NestedGuests): HypercallHandlers {
  return {
    H_RPT_INVALIDATE: (call) => {
      if ((call.vcpu.spr(spr.LPCR) & lpcrBit.HR) === 0n) return status.H_UNSUPPORTED;
      if (call.argument(5) < call.argument(4)) return status.H_P5;
      if ((call.argument(2) & what.nested) !== 0n) return nested.rangeInvalidate(call);
      return processInvalidate(services, (n) => call.argument(n));
    },
    // Both are reserved for hash guests with segment tables, which this machine does not offer.
    H_CLEAN_SLB: () => status.H_FUNCTION,
    H_INVALIDATE_PID: () => status.H_FUNCTION,
  };
}
