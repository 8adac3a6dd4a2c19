// Register bits that the hypervisor reads and writes on behalf of a guest. (Power ISA 3.1, book III, chapters 2 to 5)
import type { Vcpu } from '../cpu/vcpu.ts';

/** Bits of MSR. */
export const msrBit = {
  SF: 1n << 63n,
  EE: 1n << 15n,
  PR: 1n << 14n,
  FP: 1n << 13n,
  ME: 1n << 12n,
  IR: 1n << 5n,
  DR: 1n << 4n,
  RI: 1n << 1n,
  LE: 1n,
} as const;

/** Bits of LPCR. */
export const lpcrBit = {
  /** External interrupts go to the guest with the EE bit as in SRR1. */
  LPES0: 1n << 3n,
  GTSE: 1n << 10n,
  /** A mediated external exception exists. */
  MER: 1n << 11n,
  /** The five conditions that end a stop. */
  PECE: 0x1fn << 12n,
  /** Large decrementer. */
  LD: 1n << 17n,
  HR: 1n << 20n,
  UPRT: 1n << 22n,
  AIL: 3n << 23n,
  ILE: 1n << 25n,
  /** Default depth of prefetching. */
  DPFD: 7n << 52n,
} as const;

export const ailShift = 23n;

/** Numbers of special-purpose registers. */
export const spr = {
  DAWR0: 180,
  DAWR1: 181,
  CIABR: 187,
  DAWRX0: 188,
  DAWRX1: 189,
  SPRG0: 272,
  LPCR: 318,
  PCR: 338,
} as const;

/** Replaces the bits of `mask` in the guest's LPCR, which a vCPU that runs a guest of the guest has put aside. */
export function setLpcrBits(vcpu: Vcpu, mask: bigint, value: bigint): void {
  if (vcpu.nestedLpid === undefined) vcpu.setSpr(spr.LPCR, (vcpu.spr(spr.LPCR) & ~mask) | (value & mask));
  else vcpu.setOuterSpr(spr.LPCR, (vcpu.outerSpr(spr.LPCR) & ~mask) | (value & mask));
}
