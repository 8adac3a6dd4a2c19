// The main function of an interpreter: a loop around one `br_table` over predecoded records.
import { recordBytes } from '../../cpu/memory-map.ts';
import { sprOffset, state } from '../../cpu/state.ts';
import type { ImportList } from '../import-list.ts';
import type { Locals } from '../ir/locals.ts';
import { leaveReason } from '../leave-reason.ts';
import { boundarySrr1, prefixedSrr1, programSrr1 } from '../operator-builder.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { Bytes } from '../wasm/writer.ts';
import { coldResult } from './frame.ts';
import { firstHandler, type MainHandler } from './handler-map.ts';
import { writeResolveTarget, writeResume } from './main-arrival.ts';
import { MainCode } from './main-code.ts';
import { writeTranslated } from './main-region.ts';
import type { Mode } from './mode.ts';
import { build } from './variant-code.ts';

/** SPR number of DAR. */
const darNumber = 19;

/** What the main function needs to call the functions behind the tables. */
export interface CalledFunctions {
  /** Type index of regions. */
  readonly regionType: number;
  /** Type index of the functions of one instruction. */
  readonly coldType: number;
  /** How many of those, the first ones, need CIA. */
  readonly needingCia: number;
}

/** Writes the main function of a mode, with these handlers in line; returns its locals and its whole body. */
export function writeMainFunction(
  mode: Mode,
  imports: ImportList,
  called: CalledFunctions,
  handlers: readonly MainHandler[],
): { locals: Locals; body: Bytes } {
  const m = new MainCode(mode, imports);
  const { ir, main } = m;
  m.loadBudget();
  m.loadContext();
  main.jump = ir.openLoop();
  main.resume = ir.openBlock();
  main.fault = ir.openBlock();
  main.nearBudget = ir.openBlock();
  writeResolveTarget(m);
  main.next = ir.openLoop();
  writeDispatch(m, handlers, called);
  ir.close();
  ir.code.byte(0x00);
  ir.close();
  m.storeCia();
  ir.localGet(0);
  ir.localGet(m.record);
  ir.memory(opcode.i32Store, state.record.offset, 2);
  m.leave(leaveReason.budget);
  ir.close();
  m.countBeforeFault();
  m.storeCia();
  ir.close();
  writeResume(m);
  ir.close();
  ir.code.byte(0x00);
  ir.code.byte(0x0b);
  return { locals: m.locals, body: ir.code };
}

function writeDispatch(m: MainCode, handlers: readonly MainHandler[], called: CalledFunctions): void {
  const { ir, record } = m;
  const { regionType, coldType, needingCia } = called;
  const handler = m.locals.keep('i32');
  const count = firstHandler + handlers.length;
  ir.localGet(record);
  ir.memory(opcode.i32Load16U, 0, 1);
  ir.localSet(handler);
  const dispatch = ir.openLoop();
  for (let i = 0; i <= count + 1; i++) ir.openBlock();
  ir.localGet(handler);
  ir.code.byte(0x0e);
  ir.code.u32(count + needingCia);
  for (let i = 0; i < count; i++) ir.code.u32(i);
  for (let i = 0; i < needingCia; i++) ir.code.u32(count);
  ir.code.u32(count + 1);
  ir.close();
  writeUndecoded(m);
  ir.close();
  writeEndOfPage(m);
  ir.close();
  writeRaise(m, 0x700, programSrr1.illegal);
  ir.close();
  writeTranslated(m, { handler, dispatch, regionType });
  ir.close();
  writeRaise(m, 0x700, programSrr1.illegal | prefixedSrr1);
  ir.close();
  writePrefixAtBoundary(m);
  for (const item of handlers) {
    ir.close();
    build(ir, m.mode, m.frame, item, m.imports, item.near);
    ir.flush();
    m.locals.release();
    if (item.prepared.row.prefix === undefined) writeAdvance(m);
    else writeAdvancePrefixed(m);
  }
  ir.close();
  m.storeCia();
  ir.close();
  const result = m.locals.keep('i32');
  ir.localGet(0);
  ir.localGet(record);
  ir.localGet(handler);
  ir.i32Const(count);
  ir.code.byte(0x6b);
  ir.code.byte(0x11);
  ir.code.u32(coldType);
  // Table 0 is the imported one of regions, table 1 this module's own.
  ir.code.byte(1);
  ir.localTee(result);
  ir.openIf();
  ir.localGet(result);
  ir.i32Const(coldResult.raised);
  ir.code.byte(0x46);
  ir.branchIf(m.main.fault);
  ir.localGet(result);
  ir.i32Const(coldResult.resume);
  ir.code.byte(0x46);
  ir.openIf();
  m.countBeforeFault();
  m.addTo(m.main.left, -recordBytes);
  ir.branch(m.main.resume);
  ir.close();
  writeAdvancePrefixed(m);
  ir.close();
  writeAdvance(m);
  ir.close();
}

function writeAdvance(m: MainCode): void {
  m.addTo(m.record, recordBytes);
  m.ir.branch(m.main.next);
}

/** Goes on behind the two words of a prefixed instruction, which counts as one. */
function writeAdvancePrefixed(m: MainCode): void {
  m.addTo(m.record, 2 * recordBytes);
  m.addTo(m.main.start, recordBytes);
  m.ir.branch(m.main.next);
}

function writeUndecoded(m: MainCode): void {
  const { ir } = m;
  ir.localGet(m.record);
  ir.call(m.imports.core('decodeRecord'));
  ir.branch(m.main.next);
}

function writeEndOfPage(m: MainCode): void {
  const { ir, main } = m;
  ir.localGet(main.pageEa);
  ir.i64Const(4096);
  ir.code.byte(0x7c);
  if (!m.mode.is64) {
    ir.i64Const(0xffffffff);
    ir.code.byte(0x83);
  }
  ir.localSet(main.target);
  m.countBeforeFault();
  ir.branch(main.jump);
}

/** Alignment interrupt; DAR is the address of the prefix (Book III, section 7.5.8). */
function writePrefixAtBoundary(m: MainCode): void {
  const { ir } = m;
  ir.localGet(0);
  m.pushCia();
  ir.memory(opcode.i64Store, sprOffset(darNumber), 3);
  writeRaise(m, 0x600, prefixedSrr1 | boundarySrr1);
}

function writeRaise(m: MainCode, vector: number, srr1: number): void {
  const { ir } = m;
  ir.localGet(0);
  ir.i32Const(vector);
  ir.memory(opcode.i32Store, state.exception.offset, 2);
  ir.localGet(0);
  ir.i64Const(srr1);
  ir.memory(opcode.i64Store, state.exceptionSrr1.offset, 3);
  ir.branch(m.main.fault);
}
