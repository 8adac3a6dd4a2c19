// Guests of the guest, the older interface (cap-nested-hv): a radix guest is their hypervisor by four calls, and by
// H_RPT_INVALIDATE. (specification section 8; the calls are those that KVM has, in the platform-specific range)
import type { Vcpu } from '../../cpu/vcpu.ts';
import type { PlatformState } from '../platform-state.ts';
import { ramAddress } from '../real-address.ts';
import { lpcrBit, spr } from '../registers.ts';
import { hypercallStatus as status } from './status.ts';
import type { Hypercall, HypercallEffect, HypercallHandler, HypercallHandlers } from './types.ts';

/** PTCR: the table's real address, and PATS, its size being 2^(12 + PATS) bytes. */
const tableMask = 0x0fff_ffff_ffff_f000n;
const sizeMask = 0x1fn;
/** 4,096 entries of 16 bytes. */
const largestSize = 4n;
/** Actual page sizes of a radix tlbie: 4 KiB, 2 MiB, 1 GiB, 64 KiB. */
const pageSizeCodes = [0n, 1n, 2n, 5n];
const allPageSizes = 0xfn;

/** PCR bits that make a compatibility level. */
const levelBits = 0x1en;

/** "What" of H_RPT_INVALIDATE: nested, and all kinds of what is kept. */
const whatTlb = 2n;
const whatAll = 0xen;
const targetAll = 1n;

/** True when the vCPU's guest translates by radix trees, as a hypervisor must. */
function isRadix(vcpu: Vcpu): boolean {
  return (vcpu.spr(spr.LPCR) & lpcrBit.HR) !== 0n;
}

/** The guests of the guest that are known: those that were entered since the partition table was set. */
export class NestedGuests {
  readonly #state: PlatformState;
  readonly #known = new Set<number>();
  #table = 0n;

  constructor(state: PlatformState) {
    this.#state = state;
  }

  reset(): void {
    this.#known.clear();
    this.#table = 0n;
  }

  /** LPCR bits that the guest may choose for its guests: none that it may not have itself. */
  #lpcrBits(): bigint {
    const { ailModes, cpu } = this.#state.environment;
    const { DPFD, ILE, LPES0, MER, AIL, LD } = lpcrBit;
    return DPFD | ILE | LPES0 | MER | (ailModes.includes(3) ? AIL : 0n) | (cpu.decrementerBits > 0 ? LD : 0n);
  }

  #setPartitionTable(ptcr: bigint): bigint {
    const { services } = this.#state;
    const size = ptcr & sizeMask;
    if (size > largestSize) return status.H_PARAMETER;
    if (ramAddress(services.memory, ptcr & tableMask, 1n << (12n + size)) === undefined) return status.H_PARAMETER;
    this.#known.clear();
    this.#table = ptcr;
    services.nested.setPartitionTable(ptcr, this.#lpcrBits());
    services.nested.invalidate('all');
    return status.H_SUCCESS;
  }

  #enter({ vcpu }: Hypercall): bigint | HypercallEffect {
    const { services } = this.#state;
    const result = services.nested.enter(vcpu.index);
    if (result !== status.H_SUCCESS) return result;
    if (vcpu.nestedLpid !== undefined) this.#known.add(vcpu.nestedLpid);
    services.contextChanged(vcpu);
    // The registers are those of the guest's guest now, and the call returns when it leaves.
    const r3 = vcpu.gpr(3);
    // Another level than the one before costs all decoded code: the machine looks after other things first.
    return (vcpu.spr(spr.PCR) & levelBits) === 0n ? r3 : { status: r3, effect: { kind: 'yield' } };
  }

  /** First doubleword of a partition table entry; 0 when there is none. */
  #entry(lpid: number): bigint {
    const at = ramAddress(this.#state.services.memory, (this.#table & tableMask) + 16n * BigInt(lpid), 16);
    return this.#table === 0n || at === undefined ? 0n : this.#state.services.memory.read64(at);
  }

  /** Drops what is kept of a guest; with `entry` the partition table entry as well, which may be gone. */
  #drop(lpid: number, entry: boolean): void {
    this.#state.services.nested.invalidate(lpid);
    if (entry && this.#entry(lpid) === 0n) this.#known.delete(lpid);
  }

  #tlbInvalidate(call: Hypercall): bigint {
    const form = call.argument(0);
    const lpid = Number(call.argument(1) & 0xffff_ffffn);
    const address = call.argument(2);
    const ric = (form >> 18n) & 3n;
    const processScoped = ((form >> 17n) & 1n) === 1n;
    const radix = ((form >> 16n) & 1n) === 1n;
    const scope = (address >> 10n) & 3n;
    if (!radix || processScoped || ric === 3n || scope === 1n) return status.H_PARAMETER;
    if (scope === 0n) {
      if (ric !== 0n || !pageSizeCodes.includes((address >> 5n) & 7n)) return status.H_PARAMETER;
      if (this.#known.has(lpid)) this.#drop(lpid, false);
      return status.H_SUCCESS;
    }
    for (const known of scope === 3n ? [...this.#known] : [lpid]) {
      if (this.#known.has(known)) this.#drop(known, ric === 2n);
    }
    return status.H_SUCCESS;
  }

  /** H_RPT_INVALIDATE with the bit NESTED; that the range is one was checked. */
  rangeInvalidate(call: Hypercall): bigint {
    const lpid = call.argument(0);
    const kinds = call.argument(2);
    if (!this.#state.environment.nestedHv) return status.H_FUNCTION;
    if (call.argument(1) !== targetAll) return status.H_P2;
    if (lpid > 0xffff_ffffn || !this.#known.has(Number(lpid))) return status.H_SUCCESS;
    if ((kinds & whatAll) === whatAll) {
      this.#drop(Number(lpid), true);
      return status.H_SUCCESS;
    }
    const whole = call.argument(4) === 0n && call.argument(5) === 0xffff_ffff_ffff_ffffn;
    if (whole || (kinds & whatTlb) !== 0n) {
      if (!whole && (call.argument(3) & allPageSizes) === 0n) return status.H_P4;
      // A vCPU's tables hold one guest at a time, and all of them go: no page is looked for.
      this.#drop(Number(lpid), false);
    }
    return status.H_SUCCESS;
  }

  handlers(): HypercallHandlers {
    const radixOnly =
      (handler: HypercallHandler): HypercallHandler =>
      (call) =>
        isRadix(call.vcpu) ? handler(call) : status.H_FUNCTION;
    return {
      H_SET_PARTITION_TABLE: radixOnly((call) => this.#setPartitionTable(call.argument(0))),
      H_ENTER_NESTED: radixOnly((call) => this.#enter(call)),
      H_TLB_INVALIDATE: radixOnly((call) => this.#tlbInvalidate(call)),
      H_COPY_TOFROM_GUEST: radixOnly((call) => {
        const lpid = Number(call.argument(0) & 0xffff_ffffn);
        if (!this.#known.has(lpid)) return status.H_PARAMETER;
        return this.#state.services.nested.copy(call.vcpu.index);
      }),
    };
  }
}
