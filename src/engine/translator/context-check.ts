// After a supervisor call in a region: whether anything that the region relies on has changed.
import { state } from '../../cpu/state.ts';
import type { Mode } from '../interpreter/mode.ts';
import type { Ir } from '../ir/ir.ts';
import { regionResult } from '../leave-reason.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { RegionFrame } from './region-frame.ts';

/** Leaves on the stack whether the interpreter must look: an interrupt waits, or MSR asks for tracing or another mode. */
export function writeNeedsLook(ir: Ir, mode: Mode): void {
  const msr = (offset: number) => {
    ir.localGet(0);
    ir.memory(opcode.i32Load, state.msr.offset + offset, 2);
  };
  ir.localGet(0);
  ir.memory(opcode.i32Load, state.pending.offset, 2);
  // MSR[SE] and MSR[BE] trace each instruction.
  msr(0);
  ir.i32Const(0x600);
  ir.code.byte(0x71);
  ir.code.byte(0x72);
  // MSR[LE] is bit 0 of the number, MSR[SF] bit 63.
  msr(0);
  ir.i32Const(1);
  ir.code.byte(0x71);
  ir.i32Const(mode.littleEndian ? 1 : 0);
  ir.code.byte(0x73);
  ir.code.byte(0x72);
  msr(4);
  ir.i32Const(31);
  ir.code.byte(0x76);
  ir.i32Const(mode.is64 ? 1 : 0);
  ir.code.byte(0x73);
  ir.code.byte(0x72);
}

/**
 * Sets the region's result and next address behind a change of context, from NIP: code that is translated may follow at
 * once unless the interpreter must look.
 */
export function writeGoOnAtNip(ir: Ir, f: RegionFrame, mode: Mode): void {
  ir.localGet(0);
  ir.memory(opcode.i64Load, state.nip.offset, 3);
  ir.localSet(f.next);
  ir.i32Const(regionResult.resume);
  ir.i32Const(regionResult.go);
  writeNeedsLook(ir, mode);
  ir.code.byte(0x1b);
  ir.localSet(f.result);
}

/**
 * With the next instruction's address on the stack: leaves the region with `result`, and goes on where `nip` says, when an
 * interrupt waits, MSR, TLB tables, facilities or code have changed, or `nip` is another one.
 * @param remaining instructions of the block from the present one on: all but it are given back to the budget
 */
export function writeContextCheck(ir: Ir, f: RegionFrame, mode: Mode, remaining: number, result: number): void {
  const word = (offset: number) => {
    ir.localGet(0);
    ir.memory(opcode.i32Load, offset, 2);
  };
  const differs = (local: number) => {
    ir.localGet(local);
    ir.code.byte(0x73);
    ir.code.byte(0x72);
  };
  if (f.contextInMemory && !f.checksContext) throw new Error('the region was said not to change its context');
  ir.localSet(f.next);
  writeNeedsLook(ir, mode);
  word(state.tlbRead.offset);
  differs(f.context.tlbRead);
  word(state.tlbWrite.offset);
  differs(f.context.tlbWrite);
  word(state.tlbExecute.offset);
  differs(f.context.tlbExecute);
  word(state.facilities.offset);
  differs(f.context.facilities);
  word(state.jumpContext.offset);
  differs(f.context.jumpContext);
  ir.localGet(0);
  ir.memory(opcode.i64Load, state.nip.offset, 3);
  ir.localGet(f.next);
  ir.code.byte(0x52);
  ir.code.byte(0x72);
  if (f.exactBudget && result === regionResult.resume) {
    // The interpreter tests the budget here, too.
    ir.localGet(f.left);
    ir.i32Const(1 - remaining);
    ir.code.byte(0x4c);
    ir.code.byte(0x72);
  }
  ir.openIf();
  ir.localGet(f.left);
  ir.i32Const(remaining - 1);
  ir.code.byte(0x6a);
  ir.localSet(f.left);
  if (result === regionResult.resume) writeGoOnAtNip(ir, f, mode);
  else {
    ir.localGet(0);
    ir.memory(opcode.i64Load, state.nip.offset, 3);
    ir.localSet(f.next);
    ir.i32Const(result);
    ir.localSet(f.result);
  }
  ir.branch(f.leave);
  ir.close();
}
