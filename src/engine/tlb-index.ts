// Where a TLB table has its entry for an address: written once for the interpreter's probes and those of regions.
import { tlbEntries, tlbEntryBytes } from '../cpu/memory-map.ts';
import type { Ir } from './ir/ir.ts';
import { Bytes } from './wasm/writer.ts';

/** An access hits a read or write entry when it lies within so many bytes from the entry's tag on; see the data plane. */
export const tlbReach = 8192;

/**
 * With an effective address (i64) on the stack: leaves the byte offset (i32) of its entry in a read, write or execute
 * table. `tlbIndex` of the data plane (assembly/mmu/tlb.ts), which fills the tables, computes the same.
 * @param scratch an i32 local
 */
export function writeTlbIndex(ir: Ir, scratch: number): void {
  indexCode[scratch] ??= tlbIndexCode(scratch);
  ir.code.bytes(indexCode[scratch]);
}

/** Kept by the scratch local: each access to memory has it. */
const indexCode: Uint8Array[] = [];

function tlbIndexCode(scratch: number): Uint8Array {
  const code = new Bytes();
  code.byte(0xa7);
  code.operator(0x22, scratch);
  code.operator(0x41, 8);
  code.byte(0x76);
  code.operator(0x20, scratch);
  code.operator(0x41, 20);
  code.byte(0x76);
  code.byte(0x73);
  code.byte(0x41);
  code.s32((tlbEntries - 1) * tlbEntryBytes);
  code.byte(0x71);
  return code.view().slice();
}

/** The same for the low 32 bits of an effective address. */
export function tlbIndex(address: number): number {
  return ((address >>> 8) ^ (address >>> 20)) & ((tlbEntries - 1) * tlbEntryBytes);
}
