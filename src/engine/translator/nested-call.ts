// A call that a region waits for: the region called is a function called on the host's stack, and comes back by a branch to the
// address behind the call. The guest's state is all in memory meanwhile, so that control may also go elsewhere: whoever leaves
// takes all that wait along.
import { slotOffset, state } from '../../cpu/state.ts';
import type { Importer } from '../import-list.ts';
import type { Ir } from '../ir/ir.ts';
import { regionResult, returned } from '../leave-reason.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { parameter, type RegionFrame, writeContextLoads } from './region-frame.ts';
import { writeFastTest } from './translator-builder.ts';

/** Calls that may wait at a time: the host's stack has room for them whatever the regions are. */
const mostWaiting = 48;

/** Writes FPSCR's enable bits VE, OE, UE, ZE, XE: a region with floating-point arithmetic runs with all of them 0. */
export function writeEnabledExceptions(ir: Ir): void {
  ir.localGet(parameter.cpu);
  ir.memory(opcode.i32Load, slotOffset.fpscr, 2);
  ir.i32Const(0xf8);
  ir.code.byte(0x71);
}

/**
 * With the called address in `next`: goes on there and comes back behind the call, at `place`, or leaves.
 * No register is held in a local here, nor after it; `floatingPoint`: the region may have floating-point arithmetic.
 */
export function writeNestedCall(
  ir: Ir,
  frame: RegionFrame,
  imports: Importer,
  { place, floatingPoint }: { readonly place: number; readonly floatingPoint: boolean },
): void {
  const { cpu } = parameter;
  const load = (offset: number) => {
    ir.localGet(cpu);
    ir.memory(opcode.i32Load, offset, 2);
  };
  const writePlace = () => {
    ir.localGet(parameter.pageEa);
    ir.i64Const(place);
    ir.code.byte(0x7c);
  };
  const leaveWith = (result: number) => {
    ir.i32Const(result);
    ir.localSet(frame.result);
    ir.branch(frame.leave);
  };
  // As at any taken branch.
  ir.localGet(frame.left);
  ir.i32Const(0);
  ir.code.byte(0x4c);
  ir.branchIf(frame.leave);
  ir.localGet(parameter.waiting);
  ir.i32Const(mostWaiting);
  ir.code.byte(0x46);
  ir.openIf();
  // All that wait are given up: most of them will never be come back to.
  leaveWith(regionResult.resume);
  ir.close();
  ir.localGet(cpu);
  ir.localGet(frame.left);
  ir.code.byte(0xac);
  ir.memory(opcode.i64Store, state.budget.offset, 3);
  load(state.jumpContext.offset);
  ir.localSet(frame.context.jumpContext);
  ir.localGet(cpu);
  ir.localGet(frame.next);
  ir.i32Const(regionResult.go);
  writePlace();
  ir.localGet(parameter.waiting);
  ir.i32Const(1);
  ir.code.byte(0x6a);
  ir.call(imports.core('goOn'));
  ir.localTee(frame.called);
  ir.i32Const(returned);
  ir.code.byte(0x47);
  ir.openIf();
  ir.localGet(frame.called);
  ir.return();
  ir.close();
  load(state.budget.offset);
  ir.localSet(frame.left);
  // The context is the same, and no region and no page of code that was known in it has gone since.
  load(state.jumpContext.offset);
  ir.localGet(frame.context.jumpContext);
  ir.code.byte(0x73);
  if (floatingPoint) {
    writeEnabledExceptions(ir);
    ir.code.byte(0x72);
  }
  ir.openIf();
  writePlace();
  ir.localSet(frame.next);
  leaveWith(regionResult.resume);
  ir.close();
  writeContextLoads(ir, frame, (local) => local !== frame.context.jumpContext);
  if (floatingPoint) writeFastTest(ir, frame.fast);
}
