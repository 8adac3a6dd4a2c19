// How translated code comes from an effective address to its place in linear memory.
import type { Ir } from '../ir/ir.ts';
import { tlbReach, writeTlbIndex } from '../tlb-index.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { BlockPage } from './block-pages.ts';
import type { KeptPage } from './kept-pages.ts';
import { type RegionFrame, writeContextWord } from './region-frame.ts';

/** The register that an address is made from. */
export interface AddressBase {
  /** Class of its state. */
  readonly stateClass: string;
  /** What is added to it when that is a constant. */
  readonly displacement: number | undefined;
}

const pageBytes = 4096;

/** What is looked for. */
interface Access {
  readonly size: number;
  readonly write: boolean;
  /** Takes what is found, for accesses that follow. */
  readonly page: BlockPage | undefined;
}

/**
 * Writes the way from the address on the stack to its place in linear memory (i32) on the stack: by the page kept for the base
 * register in loops, else and behind the former by the TLB; leaves the region, at the site that was marked, on a miss.
 * The place is noted for accesses off the same register that follow in the block when the displacement is a constant.
 */
export function writeProbe(ir: Ir, f: RegionFrame, size: number, write: boolean, base: AddressBase | undefined): void {
  const kept = base && f.keptPages.page(base.stateClass, write);
  const { stateClass = '', displacement } = base ?? {};
  const page = displacement === undefined ? undefined : f.blockPages.add(stateClass, write, displacement, size);
  const access = { size, write, page };
  ir.localSet(f.address);
  if (kept) writeKeptProbe(ir, f, kept, access);
  else {
    writeTlbProbe(ir, f, access);
    ir.localGet(f.entry);
    ir.memory(opcode.i32Load, 8, 2);
  }
  ir.localGet(f.distance);
  ir.code.byte(0xa7);
  ir.code.byte(0x6a);
  if (page) ir.localTee(page.host);
}

/**
 * Goes by the kept page; where the access is not in it, probes the TLB and keeps what it found. Leaves the page's place in
 * linear memory (i32) on the stack.
 */
function writeKeptProbe(ir: Ir, f: RegionFrame, kept: KeptPage, access: Access): void {
  const { page } = access;
  ir.localGet(f.address);
  ir.localGet(kept.tag);
  ir.code.byte(0x7d);
  ir.localTee(f.distance);
  writeLowest(ir, page);
  ir.localGet(kept.empty);
  ir.code.byte(0x84);
  writeBeyond(ir, access, pageBytes);
  ir.openIf();
  writeTlbProbe(ir, f, access);
  // The entry may be for the second one of its pages, and nothing is known of the first then: the page itself is kept.
  ir.localGet(f.address);
  writeLowest(ir, page);
  ir.i64Const(-pageBytes);
  ir.code.byte(0x83);
  ir.localTee(kept.tag);
  ir.localGet(f.entry);
  ir.memory(opcode.i64Load, 0, 3);
  ir.code.byte(0x7d);
  ir.code.byte(0xa7);
  ir.localGet(f.entry);
  ir.memory(opcode.i32Load, 8, 2);
  ir.code.byte(0x6a);
  ir.localSet(kept.host);
  ir.localGet(f.address);
  ir.localGet(kept.tag);
  ir.code.byte(0x7d);
  ir.localSet(f.distance);
  ir.i64Const(0);
  ir.localSet(kept.empty);
  ir.close();
  ir.localGet(kept.host);
}

/** With the address or distance of the access on the stack: makes it that of the lowest byte. */
function writeLowest(ir: Ir, page: BlockPage | undefined): void {
  if (!page) return;
  page.writeLowest();
  ir.code.byte(0x7c);
}

/** With the lowest byte's distance from an address on the stack: 1 when not all lies within `reach` bytes of it. */
function writeBeyond(ir: Ir, { size, page }: Access, reach: number): void {
  if (page) page.writeHighest(reach);
  else ir.i64Const(reach - size);
  ir.code.byte(0x56);
}

/** Probes the TLB for what is at `address`: the entry's address and the distance from its tag go into locals. */
function writeTlbProbe(ir: Ir, f: RegionFrame, access: Access): void {
  const { write, page } = access;
  ir.localGet(f.address);
  writeLowest(ir, page);
  writeTlbIndex(ir, f.entry);
  writeContextWord(ir, f, write ? 'tlbWrite' : 'tlbRead');
  ir.code.byte(0x6a);
  ir.localSet(f.entry);
  ir.localGet(f.address);
  ir.localGet(f.entry);
  ir.memory(opcode.i64Load, 0, 3);
  ir.code.byte(0x7d);
  ir.localTee(f.distance);
  writeLowest(ir, page);
  writeBeyond(ir, access, tlbReach);
  ir.branchIf(f.miss);
}
