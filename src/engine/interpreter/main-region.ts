// The main function's handler of translated records: the call of a region, and what is noted of it.
import { jumpCacheOffset, recordSide } from '../../cpu/memory-map.ts';
import { state } from '../../cpu/state.ts';
import { writeJumpCacheEntry } from '../jump-cache.ts';
import { regionResult } from '../leave-reason.ts';
import { noReturn, regionIndexBits } from '../region-interface.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { MainCode } from './main-code.ts';

/**
 * Arrivals that are counted after a region has handed over. Were it the first only, the places on a long way that nothing of
 * is translated yet would be found one after the other.
 */
const countedArrivals = 64;

/** What the handler of translated records needs of the dispatch around it. */
export interface TranslatedHandler {
  /** Local: number of the handler that is dispatched to. */
  readonly handler: number;
  /** Label of the dispatch by that local. */
  readonly dispatch: number;
  /** Type index of regions. */
  readonly regionType: number;
}

/**
 * Writes with `m`: runs the region that starts here, unless it has just asked for its first instruction to be interpreted:
 * regions leave before an instruction whose access misses the TLB.
 */
export function writeTranslated(m: MainCode, { handler, dispatch, regionType }: TranslatedHandler): void {
  const { ir, main, record } = m;
  const result = m.locals.keep('i32');
  const interpretOriginal = () => {
    m.sideEntry(3);
    ir.memory(opcode.i32Load16U, recordSide.original, 1);
    ir.localSet(handler);
    ir.branch(dispatch);
  };
  if (!m.mode.is64) {
    interpretOriginal();
    return;
  }
  ir.localGet(m.once);
  m.loadState(opcode.i32Load, state.interpretOnly.offset);
  ir.code.byte(0x72);
  ir.openIf();
  ir.i32Const(0);
  ir.localSet(m.once);
  interpretOriginal();
  ir.close();
  m.countBeforeFault();
  m.storeBudget();
  writeRememberJump(m);
  ir.localGet(0);
  m.pushCia();
  m.sideEntry(2);
  ir.memory(opcode.i32Load, recordSide.region, 2);
  ir.localTee(result);
  ir.i32Const(regionIndexBits);
  ir.code.byte(0x76);
  ir.i64Const(noReturn);
  ir.i32Const(0);
  ir.localGet(result);
  ir.i32Const(2 ** regionIndexBits - 1);
  ir.code.byte(0x71);
  ir.code.byte(0x11);
  ir.code.u32(regionType);
  ir.code.byte(0);
  ir.localSet(result);
  writeCountRegion(m, result);
  m.loadState(opcode.i32Load, state.fpKind.offset);
  ir.openIf();
  ir.localGet(0);
  ir.call(m.imports.core('resolveFloatingPoint'));
  ir.close();
  m.loadBudget();
  ir.localGet(record);
  ir.localSet(main.start);
  ir.localGet(result);
  ir.i32Const(regionResult.raised);
  ir.code.byte(0x46);
  ir.branchIf(main.resume);
  ir.localGet(result);
  ir.i32Const(regionResult.resume);
  ir.code.byte(0x46);
  ir.branchIf(main.resume);
  ir.localGet(result);
  ir.i32Const(regionResult.interpret);
  ir.code.byte(0x46);
  ir.localSet(m.once);
  // Where control did not come by a branch the budget is not tested, as when all is interpreted.
  ir.i32Const(-0x80000000);
  ir.i32Const(0);
  ir.localGet(result);
  ir.code.byte(0x1b);
  ir.localSet(m.limit);
  ir.i32Const(countedArrivals);
  ir.localSet(m.uncounted);
  // Regions that were gone through may have changed the context.
  m.loadContext();
  ir.branch(main.jump);
}

/** Adds to the statistics: what the region has executed (the budget in `left` less the one it stored), how it left. */
function writeCountRegion(m: MainCode, result: number): void {
  const { ir } = m;
  ir.localGet(0);
  m.loadState(opcode.i64Load, state.translated.offset);
  ir.localGet(m.main.left);
  ir.i32Const(4);
  ir.code.byte(0x75);
  ir.code.byte(0xac);
  ir.code.byte(0x7c);
  m.loadState(opcode.i64Load, state.budget.offset);
  ir.code.byte(0x7d);
  ir.memory(opcode.i64Store, state.translated.offset, 3);
  const counter = m.locals.keep('i32');
  ir.localGet(0);
  ir.localGet(result);
  ir.i32Const(2);
  ir.code.byte(0x74);
  ir.code.byte(0x6a);
  ir.localTee(counter);
  ir.localGet(counter);
  ir.memory(opcode.i32Load, state.regionLeaves.offset, 2);
  ir.i32Const(1);
  ir.code.byte(0x6a);
  ir.memory(opcode.i32Store, state.regionLeaves.offset, 2);
}

/** Notes in the jump cache that a region starts at this address. */
function writeRememberJump(m: MainCode): void {
  const { ir } = m;
  const entry = m.locals.keep('i32');
  const address = m.locals.keep('i64');
  m.pushCia();
  ir.localTee(address);
  writeJumpCacheEntry(ir, entry);
  ir.localGet(0);
  ir.code.byte(0x6a);
  ir.localTee(entry);
  ir.localGet(address);
  ir.memory(opcode.i64Store, jumpCacheOffset, 3);
  ir.localGet(entry);
  m.sideEntry(2);
  ir.memory(opcode.i32Load, recordSide.region, 2);
  ir.memory(opcode.i32Store, jumpCacheOffset + 8, 2);
  ir.localGet(entry);
  m.loadState(opcode.i32Load, state.jumpContext.offset);
  ir.memory(opcode.i32Store, jumpCacheOffset + 12, 2);
}
