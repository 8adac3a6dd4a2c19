// Carries out what a hypercall asks to drop from the TLBs. (PAPR, "H_RPT_INVALIDATE")
import type { TlbInvalidation } from '../papr/services.ts';

/** The part of the data plane that drops translations; each function takes a vCPU's address. */
export interface TlbFunctions {
  tlbFlushTranslated(cpu: number): void;
  tlbFlushPid(cpu: number, pid: number): void;
  tlbFlushRange(cpu: number, pid: number, start: bigint, end: bigint): void;
}

/** Drops the translations on all vCPUs. Walks and process table entries are not kept, so that nothing is to do for them. */
export function invalidateTlb(
  dataPlane: TlbFunctions,
  vcpus: readonly { readonly address: number }[],
  { pid, range }: TlbInvalidation,
): void {
  for (const { address } of vcpus) {
    if (pid === undefined) dataPlane.tlbFlushTranslated(address);
    else if (range === undefined) dataPlane.tlbFlushPid(address, Number(BigInt.asIntN(32, pid)));
    else dataPlane.tlbFlushRange(address, Number(BigInt.asIntN(32, pid)), range.start, range.end);
  }
}
