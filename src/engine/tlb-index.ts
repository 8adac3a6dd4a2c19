// Where a TLB table has its entry for an address: written once for the interpreter's probes and those of regions.
import { tlbEntries, tlbEntryBytes } from '../cpu/memory-map.ts';
import type { Ir } from './ir/ir.ts';

/**
 * With an effective address (i64) on the stack: leaves the byte offset (i32) of its entry in a read, write or execute
 * table. `tlbIndex` of the data plane (assembly/mmu/tlb.ts), which fills the tables, computes the same.
 * @param scratch an i32 local
 */
export function writeTlbIndex(ir: Ir, scratch: number): void {
  ir.code.byte(0xa7);
  ir.localTee(scratch);
  ir.i32Const(8);
  ir.code.byte(0x76);
  ir.localGet(scratch);
  ir.i32Const(20);
  ir.code.byte(0x76);
  ir.code.byte(0x73);
  ir.i32Const((tlbEntries - 1) * tlbEntryBytes);
  ir.code.byte(0x71);
}

/** The same for the low 32 bits of an effective address. */
export function tlbIndex(address: number): number {
  return ((address >>> 8) ^ (address >>> 20)) & ((tlbEntries - 1) * tlbEntryBytes);
}
