// The main function's way to a record: from an address, or from what may have changed the context.
import { recordBytes, recordSide, specialHandler } from '../../cpu/memory-map.ts';
import { slotOffset, state } from '../../cpu/state.ts';
import { leaveReason } from '../leave-reason.ts';
import { writeTlbIndex } from '../tlb-index.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { MainCode } from './main-code.ts';

/** Arrivals on the way from translated code after which a place is hot: interpreting it has cost about what translating it does. */
const hotArrivals = 500;

/** Writes with `m`: from an address in `target` to its record. */
export function writeResolveTarget(m: MainCode): void {
  const { ir, main } = m;
  const entry = m.locals.keep('i32');
  const page = () => {
    ir.localGet(main.target);
    ir.i64Const(-4096);
    ir.code.byte(0x83);
  };
  page();
  ir.localGet(main.pageEa);
  ir.code.byte(0x52);
  ir.openIf();
  m.loadState(opcode.i32Load, state.tlbExecute.offset);
  ir.localGet(main.target);
  writeTlbIndex(ir, entry);
  ir.code.byte(0x6a);
  ir.localTee(entry);
  ir.memory(opcode.i64Load, 0, 3);
  page();
  ir.code.byte(0x51);
  ir.openIf();
  ir.localGet(entry);
  ir.memory(opcode.i32Load, 8, 2);
  ir.localSet(main.recordBase);
  ir.openElse();
  m.storeNip(() => ir.localGet(main.target));
  ir.localGet(0);
  ir.call(m.imports.core('fetchRecords'));
  ir.localTee(main.recordBase);
  ir.code.byte(0x45);
  ir.openIf();
  writeLeaveWithoutArrival(m);
  ir.branch(main.resume);
  ir.close();
  ir.close();
  page();
  ir.localSet(main.pageEa);
  ir.close();
  ir.localGet(main.recordBase);
  ir.localGet(main.target);
  ir.code.byte(0xa7);
  ir.i32Const(0xffc);
  ir.code.byte(0x71);
  ir.i32Const(2);
  ir.code.byte(0x74);
  ir.code.byte(0x6a);
  ir.localTee(m.record);
  ir.localSet(main.start);
  ir.localGet(main.left);
  ir.localGet(m.limit);
  ir.code.byte(0x4c);
  ir.branchIf(main.nearBudget);
  ir.i32Const(0);
  ir.localSet(m.limit);
  if (m.mode.is64) writeCountArrival(m);
}

/**
 * Ends the slice where the next instruction can't be fetched and the budget is used up: the arrival, which tests the budget,
 * never comes when nothing maps the vector. The fetch fails again in the next slice, so that its interrupt is forgotten.
 */
function writeLeaveWithoutArrival(m: MainCode): void {
  const { ir } = m;
  ir.localGet(m.main.left);
  ir.localGet(m.limit);
  ir.code.byte(0x4c);
  m.loadState(opcode.i32Load, state.exception.offset);
  ir.i32Const(0);
  ir.code.byte(0x47);
  ir.code.byte(0x71);
  ir.openIf();
  for (const { offset } of [state.exception, state.record]) {
    ir.localGet(0);
    ir.i32Const(0);
    ir.memory(opcode.i32Store, offset, 2);
  }
  m.leave(leaveReason.budget);
  ir.close();
}

/** Places on the way from translated code are counted, in the room for a region's number, and translated when they are hot. */
function writeCountArrival(m: MainCode): void {
  const { ir, record } = m;
  const count = m.locals.keep('i32');
  const entry = m.locals.keep('i32');
  ir.localGet(m.uncounted);
  ir.openIf();
  ir.localGet(m.uncounted);
  ir.i32Const(1);
  ir.code.byte(0x6b);
  ir.localSet(m.uncounted);
  ir.localGet(record);
  ir.memory(opcode.i32Load16U, 0, 1);
  ir.i32Const(specialHandler.translated);
  ir.code.byte(0x47);
  ir.openIf();
  m.sideEntry(2);
  ir.localTee(entry);
  ir.localGet(entry);
  ir.memory(opcode.i32Load, recordSide.region, 2);
  ir.i32Const(1);
  ir.code.byte(0x6a);
  ir.localTee(count);
  ir.memory(opcode.i32Store, recordSide.region, 2);
  ir.localGet(count);
  ir.i32Const(hotArrivals);
  ir.code.byte(0x46);
  ir.openIf();
  ir.localGet(record);
  ir.call(m.imports.core('noteHot'));
  ir.close();
  ir.close();
  ir.close();
}

/** Writes with `m`: what follows anything that may have changed the context; nip says where to go on. */
export function writeResume(m: MainCode): void {
  const { ir, main } = m;
  m.loadState(opcode.i32Load, state.exception.offset);
  ir.openIf();
  ir.localGet(0);
  ir.call(m.imports.core('deliver'));
  // The instruction that was interrupted counts, so that a guest whose handlers fail at once uses up its budget.
  ir.localGet(main.left);
  ir.i32Const(recordBytes);
  ir.code.byte(0x6b);
  ir.localSet(main.left);
  ir.close();
  m.loadState(opcode.i32Load, state.pending.offset);
  ir.openIf();
  ir.localGet(0);
  ir.call(m.imports.core('deliverPending'));
  ir.code.byte(0x1a);
  ir.close();
  // MSR[SF] is bit 63 of the number, MSR[LE] bit 0.
  m.loadState(opcode.i64Load, slotOffset.msr);
  ir.i64Const(-0x7fffffffffffffffn);
  ir.code.byte(0x83);
  ir.i64Const((m.mode.is64 ? -0x8000000000000000n : 0n) + (m.mode.littleEndian ? 1n : 0n));
  ir.code.byte(0x52);
  ir.openIf();
  m.leave(leaveReason.mode);
  ir.close();
  m.loadContext();
  ir.branch(main.jump);
}
