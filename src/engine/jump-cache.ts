// Where the jump cache has its entry for an address: written once for the interpreter, which fills it, and for regions.
import { jumpCacheEntries } from '../cpu/memory-map.ts';
import { state } from '../cpu/state.ts';
import type { Ir } from './ir/ir.ts';
import { opcode } from './wasm/memory-operators.ts';

/**
 * With an effective address (i64) on the stack: leaves the byte offset (i32) of its entry in the cache. Page numbers are mixed
 * in: functions start at the same few offsets of many pages. The CPU state's address is in local 0.
 * @param scratch an i32 local
 */
export function writeJumpCacheEntry(ir: Ir, scratch: number): void {
  ir.code.byte(0xa7);
  ir.localTee(scratch);
  ir.i32Const(2);
  ir.code.byte(0x74);
  ir.localGet(scratch);
  ir.i32Const(8);
  ir.code.byte(0x76);
  ir.code.byte(0x73);
  // The kernel's code at the same address, reached from different processes, gets an entry for each TLB set.
  ir.localGet(0);
  ir.memory(opcode.i32Load, state.tlbFetchSet.offset, 2);
  ir.i32Const(9);
  ir.code.byte(0x74);
  ir.code.byte(0x73);
  ir.i32Const((jumpCacheEntries - 1) << 4);
  ir.code.byte(0x71);
}
