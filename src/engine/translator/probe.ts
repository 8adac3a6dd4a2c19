// How translated code comes from an effective address to its place in linear memory.
import type { Ir } from '../ir/ir.ts';
import { writeTlbIndex } from '../tlb-index.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { RegionFrame } from './region-frame.ts';

/** The register that an address is made from. */
export interface AddressBase {
  /** Class of its state. */
  readonly stateClass: string;
  /** What is added to it when that is a constant. */
  readonly displacement: number | undefined;
}

/**
 * Writes the way from the address on the stack to its host address on the stack: by the page kept for the base register
 * in loops or in the block, else and behind the former by the TLB; leaves the region, at the site that was marked, on a miss.
 */
export function writeProbe(ir: Ir, f: RegionFrame, size: number, write: boolean, base: AddressBase | undefined): void {
  const kept = base && f.keptPages.page(base.stateClass, write);
  if (!kept) {
    const { stateClass = '', displacement } = base ?? {};
    const known = displacement === undefined ? undefined : f.blockPages.find(stateClass, write, displacement);
    if (known) {
      ir.localTee(f.address);
      ir.localGet(known.tag);
      ir.code.byte(0x7d);
      ir.localTee(f.distance);
      writeBeyond(ir, size);
      ir.openIf();
      ir.localGet(f.address);
      writeTlbProbe(ir, f, size, write, known.tag);
      ir.localGet(f.entry);
      ir.memory(opcode.i32Load, 8, 2);
      ir.localSet(known.host);
      ir.close();
      ir.localGet(known.host);
    } else {
      const page = displacement === undefined ? undefined : f.blockPages.add(stateClass, write, displacement);
      writeTlbProbe(ir, f, size, write, page?.tag);
      ir.localGet(f.entry);
      ir.memory(opcode.i32Load, 8, 2);
      if (page) ir.localTee(page.host);
    }
  } else {
    ir.localTee(f.address);
    ir.localGet(kept.tag);
    ir.code.byte(0x7d);
    ir.localTee(f.distance);
    ir.localGet(kept.empty);
    ir.code.byte(0x84);
    writeBeyond(ir, size);
    ir.openIf();
    ir.localGet(f.address);
    writeTlbProbe(ir, f, size, write);
    ir.localGet(f.entry);
    ir.memory(opcode.i64Load, 0, 3);
    ir.localSet(kept.tag);
    ir.localGet(f.entry);
    ir.memory(opcode.i32Load, 8, 2);
    ir.localSet(kept.host);
    ir.i64Const(0);
    ir.localSet(kept.empty);
    ir.close();
    ir.localGet(kept.host);
  }
  ir.localGet(f.distance);
  ir.code.byte(0xa7);
  ir.code.byte(0x6a);
}

/** With a distance on the stack: 1 when an access of that size does not lie in the page. */
function writeBeyond(ir: Ir, size: number): void {
  ir.i64Const(4096 - size);
  ir.code.byte(0x56);
}

/** Probes the TLB for the address on the stack: the entry's address and the distance from its tag go into locals. */
function writeTlbProbe(ir: Ir, f: RegionFrame, size: number, write: boolean, tag?: number): void {
  ir.localTee(f.address);
  writeTlbIndex(ir, f.entry);
  ir.localGet(write ? f.tlbWrite : f.tlbRead);
  ir.code.byte(0x6a);
  ir.localSet(f.entry);
  ir.localGet(f.address);
  ir.localGet(f.entry);
  ir.memory(opcode.i64Load, 0, 3);
  if (tag !== undefined) ir.localTee(tag);
  ir.code.byte(0x7d);
  ir.localTee(f.distance);
  writeBeyond(ir, size);
  ir.branchIf(f.miss);
}
