// Where the state of a hardware thread lies in linear memory: the one layout table. The engine, the AssemblyScript data
// plane (through generated constants) and the TypeScript views all take their offsets from here.
import type { SlotName } from '../isa/slots.ts';

/** One item of the state block. */
export interface StateItem {
  /** Byte offset from the start of the vCPU's block. */
  readonly offset: number;
  /** Bytes of one element. */
  readonly size: 1 | 4 | 8 | 16;
  readonly count: number;
}

const sizes = {
  /** GPR 0…31. */
  gpr: [8, 32],
  /** Always zero: what (RA|0) reads when RA = 0. */
  zero: [8, 1],
  /** CR fields 0…7, one byte each: LT=8 GT=4 EQ=2 SO=1. */
  cr: [1, 8],
  nip: [8, 1],
  msr: [8, 1],
  ca: [8, 1],
  ca32: [8, 1],
  ov: [8, 1],
  ov32: [8, 1],
  so: [8, 1],
  xerLow: [8, 1],
  /** XER bits that the CPU's edition lacks. */
  xerHidden: [8, 1],
  fpscr: [8, 1],
  vscr: [8, 1],
  /**
   * Last floating-point operation of translated code whose FI, FR, FPRF are not in FPSCR yet: its kind (0 none), plus a
   * comparison's FPCC after it << 8; and its operands. See src/engine/translator/floating-point.ts.
   */
  fpKind: [8, 1],
  fpA: [8, 1],
  fpB: [8, 1],
  fpC: [8, 1],
  /** Load-and-reserve: byte offset in linear memory of the reserved location, 0 = none; and its size. */
  reserveHost: [4, 1],
  reserveSize: [4, 1],
  /** Vector of a raised interrupt, 0 = none; `exceptionSrr1` are the bits that go into SRR1 (or DSISR is already set). */
  exception: [4, 1],
  /** 1 when SRR0 is to be the next instruction (sc) instead of the one that raised. */
  exceptionAfter: [4, 1],
  exceptionSrr1: [8, 1],
  /**
   * Bits of {@link pendingInterrupt}: asynchronous conditions that wait for MSR[EE] (or are taken at once). Written by
   * the machine and by SPR writes, looked at when MSR changes and at every slice end.
   */
  pending: [4, 1],
  /** Instructions left in this slice; the engine counts down and leaves at a taken branch when it is ≤ 0. */
  budget: [8, 1],
  /** Instructions executed by translated code, and how often it left by each result (`regionResult`). */
  translated: [8, 1],
  regionLeaves: [4, 8],
  /** TLB entries filled: read, write, execute. */
  tlbFills: [8, 3],
  /** Address of the record at which the last slice ended (0 when not known). */
  record: [4, 1],
  /** ≠ 0: translated code is not entered. */
  interpretOnly: [4, 1],
  /** ≠ 0: the budget ran out while control stayed inside a region. */
  endedInside: [4, 1],
  /** Byte offsets in linear memory of the TLB tables of the current translation mode (see `mmu/tlb.ts`). */
  tlbRead: [4, 1],
  tlbWrite: [4, 1],
  tlbExecute: [4, 1],
  /** Which TLB slot (PID) is current. */
  tlbSlot: [4, 1],
  /** Numbers of the TLB sets that data accesses and fetches use now. */
  tlbDataSet: [4, 1],
  tlbFetchSet: [4, 1],
  /**
   * Of each TLB set: its number, plus 16 for each time that an execute entry of it or a region has gone; a jump remembered
   * before may not be taken. `jumpContext` is that of the set that fetches use now.
   */
  jumpEpoch: [4, 8],
  jumpContext: [4, 1],
  /** PID whose translations each TLB slot holds, and when it was current last (a count of slot changes). */
  tlbPid: [4, 6],
  tlbAge: [4, 6],
  /** What the TLB's contents were made with: translation bits of LPCR, process table. */
  tlbLpcr: [8, 1],
  tlbProcessTable: [8, 1],
  /** MSR[LE] that the execute entries were made with: decoded code depends on it. */
  tlbLittleEndian: [4, 1],
  /**
   * Single step (MSR[SE], MSR[BE]): 0 off, 1 the next fetch prepares one instruction, 2 it was prepared (3 with a prefix); its address, and
   * the place of its record in the step page.
   */
  stepState: [4, 1],
  stepRecord: [4, 1],
  stepAddress: [8, 1],
  /** Value of an MMIO access on its way: as a big-endian access of the given size sees it, zero-extended. */
  mmioValue: [8, 1],
  /** Bytes of an access that crosses a page, on their way. */
  scratch: [16, 1],
  /** vCPU index 0…n−1 and its server number. */
  index: [4, 1],
  server: [4, 1],
  /** Facilities that instructions may use now: bit of {@link facilityBit} set = usable (from MSR and FSCR). */
  facilities: [4, 1],
  /** CPU model bits that the data plane tests, see {@link modelBit}. */
  model: [4, 1],
  /** Checkpointed registers of a suspended transaction; see `assembly/supervisor/transaction.ts`. */
  checkpoint: [16, 88],
  /** What is watched: bit 0 DAWR0, bit 1 DAWR1, bit 2 CIABR. */
  watching: [4, 1],
  /** PCR-disabled editions in problem state as a mask; 0 = none. */
  pcrMask: [4, 1],
  /** Timebase ticks: TB = ticks + tbOffset; DEC = decExpiry − ticks. */
  tbOffset: [8, 1],
  decExpiry: [8, 1],
  /**
   * The process table as the hypervisor has registered it: real address of its first byte, and in the low five bits
   * PRTS, its size being 2^(12 + PRTS) bytes (second doubleword of a partition table entry). LPCR is SPR 318.
   */
  processTable: [8, 1],
  /** FSCR bits that a write loses, because the hypervisor keeps them off. */
  fscrLost: [8, 1],
  /** PURR, SPURR and VTB = ticks + these. */
  purrOffset: [8, 1],
  spurrOffset: [8, 1],
  vtbOffset: [8, 1],
  /**
   * A guest of the guest (`assembly/nested`): 1 while it runs, its LPID, the real addresses of the two structures that
   * H_ENTER_NESTED was given, and the tick at which its hypervisor wants control back.
   */
  nested: [4, 1],
  nestedLpid: [4, 1],
  nestedState: [8, 1],
  nestedRegisters: [8, 1],
  hdecExpiry: [8, 1],
  /** Registers of its hypervisor meanwhile: from `gpr` to `xerLow` as they lie there, then those of {@link outerSprs}. */
  outer: [8, 42],
  outerSpr: [8, 20],
  outerTbOffset: [8, 1],
  outerPurrOffset: [8, 1],
  outerSpurrOffset: [8, 1],
  outerVtbOffset: [8, 1],
  outerPcrMask: [4, 1],
  /** SLB entries (ESID word, VSID word) ×64. */
  slb: [8, 128],
  /** SPR n at 8·n (plain ones; LR is 8, CTR is 9, TAR is 815). */
  spr: [8, 1024],
  /** VSR n as a little-endian 128-bit number: doubleword 0 (the FPR) at +8, doubleword 1 at +0. */
  vsr: [16, 64],
} as const satisfies Record<string, readonly [1 | 4 | 8 | 16, number]>;

/** Name of an item of the state block. */
export type StateName = keyof typeof sizes;

function layOut(): { items: Readonly<Record<StateName, StateItem>>; bytes: number } {
  let offset = 0;
  const entries = Object.entries(sizes).map(([name, [size, count]]) => {
    offset = Math.ceil(offset / size) * size;
    const item: StateItem = { offset, size, count };
    offset += size * count;
    return [name, item] as const;
  });
  // Object.fromEntries loses the key union; the keys are exactly those of `sizes`.
  return { items: Object.fromEntries(entries) as Record<StateName, StateItem>, bytes: Math.ceil(offset / 4096) * 4096 };
}

const layout = layOut();

/** The state block, item by item. */
export const state: Readonly<Record<StateName, StateItem>> = layout.items;

/** Bytes of one vCPU's state block (a multiple of 4096; all offsets fit 16 bits). */
export const stateBytes = layout.bytes;

/** Byte offset of SPR n in the state block. */
export function sprOffset(n: number): number {
  return state.spr.offset + 8 * n;
}

/** Byte offset of each slot that meanings may name. */
export const slotOffset: Readonly<Record<SlotName, number>> = {
  nip: state.nip.offset,
  msr: state.msr.offset,
  lr: sprOffset(8),
  ctr: sprOffset(9),
  tar: sprOffset(815),
  ca: state.ca.offset,
  ca32: state.ca32.offset,
  ov: state.ov.offset,
  ov32: state.ov32.offset,
  so: state.so.offset,
  xerLow: state.xerLow.offset,
  xerHidden: state.xerHidden.offset,
  fpscr: state.fpscr.offset,
  vscr: state.vscr.offset,
  vrsave: sprOffset(256),
};

/**
 * SPRs that belong to a guest and that a guest of it has values of its own of: LR, CTR, SRR0, SRR1, CFAR, PIDR, DAWR0, DAWR1,
 * CIABR, DAWRX0, DAWRX1, HFSCR, SPRG0 to SPRG3, LPCR, PCR, IC, PPR. The item `outerSpr` keeps them in this order.
 */
export const outerSprs = [
  8, 9, 26, 27, 28, 48, 180, 181, 187, 188, 189, 190, 272, 273, 274, 275, 318, 338, 848, 896,
] as const;

/** A number of {@link outerSprs}. */
export type OuterSpr = (typeof outerSprs)[number];

/** Byte offset in `outerSpr` of one of {@link outerSprs}. */
export function outerSprOffset(number: OuterSpr): number {
  return layout.items.outerSpr.offset + 8 * outerSprs.indexOf(number);
}

/** Bits of the `pending` word. The last three are conditions of a vCPU that runs a guest of the guest. */
export const pendingInterrupt = {
  external: 1,
  decrementer: 2,
  doorbell: 4,
  systemReset: 8,
  machineCheck: 16,
  /** The time that its hypervisor has given it is over. */
  hypervisorDecrementer: 32,
  /** LPCR[MER]: its hypervisor has an external interrupt for it. */
  mediated: 64,
  /** A doorbell of its hypervisor. */
  outerDoorbell: 128,
} as const;

/** Bits of the `facilities` word: set while the facility may be used. */
export const facilityBit = {
  FP: 1,
  VEC: 2,
  VSX: 4,
  TAR: 8,
  EBB: 16,
  DSCR: 32,
  SCV: 64,
  MSGP: 128,
  PREFIX: 256,
  TM: 512,
  DFP: 1024,
} as const;

/** Bits of the `model` word: what the CPU model has, beyond facilities. */
export const modelBit = { isa206: 1, isa207: 2, isa300: 4, isa310: 8, radix: 16 } as const;
