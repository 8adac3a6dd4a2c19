// Makes the interpreter: one WebAssembly module for each mode (MSR[SF], MSR[LE]) from the instruction table.
//
// The main function is a loop around one `br_table` over predecoded records. Rows that are executed often, and those
// with branches, are in it; each other row is a function of its own, called through a table. The main function has a limit:
// the runtime's compiler gives up on good code for a function of more than some thousand values.
import { jumpCacheOffset, recordBytes, recordSide, specialHandler } from '../../cpu/memory-map.ts';
import { slotOffset, sprOffset, state } from '../../cpu/state.ts';
import type { InstructionRow } from '../../isa/row.ts';
import { ImportList } from '../import-list.ts';
import { Ir } from '../ir/ir.ts';
import { Locals } from '../ir/locals.ts';
import { writeJumpCacheEntry } from '../jump-cache.ts';
import { leaveReason, regionResult } from '../leave-reason.ts';
import { boundarySrr1, prefixedSrr1, programSrr1 } from '../operator-builder.ts';
import { writeTlbIndex } from '../tlb-index.ts';
import { prepareRow, variantKey, variantsOf } from '../variants.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { type Bytes, ModuleWriter } from '../wasm/writer.ts';
import { coldResult, type Frame, type MainFrame, type Mode } from './interpreter-builder.ts';
import { build, type ColdFunction, coldFunction, scratchMain, usesBranchField, type Variant } from './variant-code.ts';

const firstHandler = Object.keys(specialHandler).length;

/** SPR number of DAR. */
const darNumber = 19;
/** Arrivals from translated code after which a place is hot: interpreting it has cost about what translating it does. */
const hotArrivals = 500;

/** Which handler executes a variant: `far` for any branch target, `near` for one in the same page (−1: none). */
export interface HandlerNumbers {
  readonly far: number;
  readonly near: number;
}

/** Handlers by row index and variant key; a plain object, so that it can be stored beside the modules. */
export type HandlerMap = Readonly<Record<string, HandlerNumbers>>;

/** Key of a handler map. */
export function handlerKey(rowIndex: number, variant: string): string {
  return `${rowIndex}:${variant}`;
}

/** A generated interpreter. */
export interface GeneratedInterpreter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly handlers: HandlerMap;
  /** Bytes of the main function's code. */
  readonly mainBytes: number;
}

interface MainHandler extends Variant {
  readonly near: boolean;
}

/** Writes the main function. */
class MainFunction {
  readonly ir: Ir;
  readonly #mode: Mode;
  readonly #imports: ImportList;
  readonly #locals = new Locals(1);
  readonly #frame: Frame;
  /** Local: 1 when the next translated record is to be interpreted. */
  readonly #once: number;
  /** Local: 1 when a region has just handed over. */
  readonly #fromRegion: number;
  /** Local: the budget at or below which a jump ends the slice. */
  readonly #limit: number;
  readonly #regionType: number;
  #dispatchLabel = 0;
  readonly #main: { -readonly [K in keyof MainFrame]: MainFrame[K] };

  constructor(mode: Mode, imports: ImportList, regionType: number) {
    this.#mode = mode;
    this.#imports = imports;
    this.ir = new Ir(this.#locals);
    const locals = this.#locals;
    const i32 = () => locals.keep('i32');
    const i64 = () => locals.keep('i64');
    this.#main = {
      ...scratchMain,
      recordBase: i32(),
      start: i32(),
      left: i32(),
      tlbRead: i32(),
      tlbWrite: i32(),
      pageEa: i64(),
      target: i64(),
    };
    this.#frame = { cpu: 0, record: i32(), main: this.#main };
    this.#once = i32();
    this.#limit = i32();
    this.#fromRegion = i32();
    this.#regionType = regionType;
  }

  /** The whole body; `coldType` is the type index of the functions behind the table, the first of which need CIA. */
  write(handlers: readonly MainHandler[], coldType: number, needingCia: number): { locals: Locals; body: Bytes } {
    const { ir } = this;
    const main = this.#main;
    this.#enter();
    main.jump = ir.openLoop();
    main.resume = ir.openBlock();
    main.fault = ir.openBlock();
    main.nearBudget = ir.openBlock();
    this.#resolveTarget();
    main.next = ir.openLoop();
    this.#dispatch(handlers, coldType, needingCia);
    ir.close();
    ir.code.byte(0x00);
    ir.close();
    this.#storeCia();
    ir.localGet(0);
    ir.localGet(this.#frame.record);
    ir.memory(opcode.i32Store, state.record.offset, 2);
    this.#leave(leaveReason.budget);
    ir.close();
    this.#countBeforeFault();
    this.#storeCia();
    ir.close();
    this.#resume();
    ir.close();
    ir.code.byte(0x00);
    ir.code.byte(0x0b);
    return { locals: this.#locals, body: ir.code };
  }

  #loadState(code: number, offset: number): void {
    this.ir.localGet(0);
    this.ir.memory(code, offset, 0);
  }

  #enter(): void {
    this.#loadBudget();
    this.#loadContext();
  }

  #loadBudget(): void {
    const { ir } = this;
    this.#loadState(opcode.i64Load, state.budget.offset);
    ir.code.byte(0xa7);
    ir.i32Const(4);
    ir.code.byte(0x74);
    ir.localSet(this.#main.left);
  }

  #storeBudget(): void {
    const { ir } = this;
    ir.localGet(0);
    ir.localGet(this.#main.left);
    ir.i32Const(4);
    ir.code.byte(0x75);
    ir.code.byte(0xac);
    ir.memory(opcode.i64Store, state.budget.offset, 3);
  }

  /** Target, TLB tables; no page is current. */
  #loadContext(): void {
    const { ir } = this;
    const main = this.#main;
    this.#loadState(opcode.i64Load, slotOffset.nip);
    ir.localSet(main.target);
    this.#loadState(opcode.i32Load, state.tlbRead.offset);
    ir.localSet(main.tlbRead);
    this.#loadState(opcode.i32Load, state.tlbWrite.offset);
    ir.localSet(main.tlbWrite);
    ir.code.byte(0x42);
    ir.code.s64(1);
    ir.localSet(main.pageEa);
  }

  #leave(reason: number): void {
    this.#storeBudget();
    this.ir.i32Const(reason);
    this.ir.return();
  }

  #storeNip(value: () => void): void {
    this.ir.localGet(0);
    value();
    this.ir.memory(opcode.i64Store, slotOffset.nip, 3);
  }

  #pushCia(): void {
    const { ir } = this;
    const main = this.#main;
    ir.localGet(main.pageEa);
    ir.localGet(this.#frame.record);
    ir.localGet(main.recordBase);
    ir.code.byte(0x6b);
    ir.i32Const(2);
    ir.code.byte(0x76);
    ir.code.byte(0xad);
    ir.code.byte(0x7c);
  }

  #storeCia(): void {
    this.#storeNip(() => this.#pushCia());
  }

  #countBeforeFault(): void {
    const { ir } = this;
    const main = this.#main;
    ir.localGet(main.left);
    ir.localGet(main.start);
    ir.code.byte(0x6a);
    ir.localGet(this.#frame.record);
    ir.code.byte(0x6b);
    ir.localSet(main.left);
  }

  /** From an address in `target` to its record. */
  #resolveTarget(): void {
    const { ir } = this;
    const main = this.#main;
    const entry = this.#locals.keep('i32');
    const page = () => {
      ir.localGet(main.target);
      ir.code.byte(0x42);
      ir.code.s64(-4096);
      ir.code.byte(0x83);
    };
    page();
    ir.localGet(main.pageEa);
    ir.code.byte(0x52);
    ir.openIf();
    this.#loadState(opcode.i32Load, state.tlbExecute.offset);
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
    this.#storeNip(() => ir.localGet(main.target));
    ir.localGet(0);
    ir.call(this.#imports.core('fetchRecords'));
    ir.localTee(main.recordBase);
    ir.code.byte(0x45);
    ir.openIf();
    this.#leaveWithoutArrival();
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
    ir.localTee(this.#frame.record);
    ir.localSet(main.start);
    ir.localGet(main.left);
    ir.localGet(this.#limit);
    ir.code.byte(0x4c);
    ir.branchIf(main.nearBudget);
    ir.i32Const(0);
    ir.localSet(this.#limit);
    if (this.#mode.is64) this.#countArrival();
  }

  /**
   * Ends the slice where the next instruction can't be fetched and the budget is used up: the arrival, which tests the budget,
   * never comes when nothing maps the vector. The fetch fails again in the next slice, so that its interrupt is forgotten.
   */
  #leaveWithoutArrival(): void {
    const { ir } = this;
    ir.localGet(this.#main.left);
    ir.localGet(this.#limit);
    ir.code.byte(0x4c);
    this.#loadState(opcode.i32Load, state.exception.offset);
    ir.i32Const(0);
    ir.code.byte(0x47);
    ir.code.byte(0x71);
    ir.openIf();
    for (const { offset } of [state.exception, state.record]) {
      ir.localGet(0);
      ir.i32Const(0);
      ir.memory(opcode.i32Store, offset, 2);
    }
    this.#leave(leaveReason.budget);
    ir.close();
  }

  /** After anything that may have changed the context; nip says where to go on. */
  #resume(): void {
    const { ir } = this;
    const main = this.#main;
    this.#loadState(opcode.i32Load, state.exception.offset);
    ir.openIf();
    ir.localGet(0);
    ir.call(this.#imports.core('deliver'));
    // The instruction that was interrupted counts, so that a guest whose handlers fail at once uses up its budget.
    ir.localGet(main.left);
    ir.i32Const(recordBytes);
    ir.code.byte(0x6b);
    ir.localSet(main.left);
    ir.close();
    this.#loadState(opcode.i32Load, state.pending.offset);
    ir.openIf();
    ir.localGet(0);
    ir.call(this.#imports.core('deliverPending'));
    ir.code.byte(0x1a);
    ir.close();
    // MSR[SF] is bit 63 of the number, MSR[LE] bit 0.
    this.#loadState(opcode.i64Load, slotOffset.msr);
    ir.code.byte(0x42);
    ir.code.s64(-0x7fffffffffffffffn);
    ir.code.byte(0x83);
    ir.code.byte(0x42);
    ir.code.s64((this.#mode.is64 ? -0x8000000000000000n : 0n) + (this.#mode.littleEndian ? 1n : 0n));
    ir.code.byte(0x52);
    ir.openIf();
    this.#leave(leaveReason.mode);
    ir.close();
    this.#loadContext();
    ir.branch(main.jump);
  }

  #advance(): void {
    this.#addTo(this.#frame.record, recordBytes);
    this.ir.branch(this.#main.next);
  }

  /** Goes on behind the two words of a prefixed instruction, which counts as one. */
  #advancePrefixed(): void {
    this.#addTo(this.#frame.record, 2 * recordBytes);
    this.#addTo(this.#main.start, recordBytes);
    this.ir.branch(this.#main.next);
  }

  #addTo(local: number, amount: number): void {
    const { ir } = this;
    ir.localGet(local);
    ir.i32Const(amount);
    ir.code.byte(0x6a);
    ir.localSet(local);
  }

  #dispatch(handlers: readonly MainHandler[], coldType: number, needingCia: number): void {
    const { ir } = this;
    const { record } = this.#frame;
    const handler = this.#locals.keep('i32');
    const count = firstHandler + handlers.length;
    ir.localGet(record);
    ir.memory(opcode.i32Load16U, 0, 1);
    ir.localSet(handler);
    this.#dispatchLabel = ir.openLoop();
    for (let i = 0; i <= count + 1; i++) ir.openBlock();
    ir.localGet(handler);
    ir.code.byte(0x0e);
    ir.code.u32(count + needingCia);
    for (let i = 0; i < count; i++) ir.code.u32(i);
    for (let i = 0; i < needingCia; i++) ir.code.u32(count);
    ir.code.u32(count + 1);
    ir.close();
    this.#undecoded();
    ir.close();
    this.#endOfPage();
    ir.close();
    this.#raise(0x700, programSrr1.illegal);
    ir.close();
    this.#translated(handler);
    ir.close();
    this.#raise(0x700, programSrr1.illegal | prefixedSrr1);
    ir.close();
    this.#prefixAtBoundary();
    for (const item of handlers) {
      ir.close();
      build(ir, this.#mode, this.#frame, item, this.#imports, item.near);
      ir.flush();
      this.#locals.release();
      if (item.prepared.row.prefix === undefined) this.#advance();
      else this.#advancePrefixed();
    }
    ir.close();
    this.#storeCia();
    ir.close();
    const result = this.#locals.keep('i32');
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
    ir.branchIf(this.#main.fault);
    ir.localGet(result);
    ir.i32Const(coldResult.resume);
    ir.code.byte(0x46);
    ir.openIf();
    this.#countBeforeFault();
    this.#addTo(this.#main.left, -recordBytes);
    ir.branch(this.#main.resume);
    ir.close();
    this.#advancePrefixed();
    ir.close();
    this.#advance();
    ir.close();
  }

  /**
   * Runs the region that starts here, unless it has just asked for its first instruction to be interpreted: regions
   * leave before an instruction whose access misses the TLB.
   */
  #translated(handler: number): void {
    const { ir } = this;
    const main = this.#main;
    const { record } = this.#frame;
    const result = this.#locals.keep('i32');
    const interpretOriginal = () => {
      this.#sideEntry(3);
      ir.memory(opcode.i32Load16U, recordSide.original, 1);
      ir.localSet(handler);
      ir.branch(this.#dispatchLabel);
    };
    if (!this.#mode.is64) {
      interpretOriginal();
      return;
    }
    ir.localGet(this.#once);
    this.#loadState(opcode.i32Load, state.interpretOnly.offset);
    ir.code.byte(0x72);
    ir.openIf();
    ir.i32Const(0);
    ir.localSet(this.#once);
    interpretOriginal();
    ir.close();
    this.#countBeforeFault();
    this.#storeBudget();
    this.#rememberJump();
    ir.localGet(0);
    ir.localGet(main.pageEa);
    this.#sideEntry(2);
    ir.memory(opcode.i32Load, recordSide.region, 2);
    ir.code.byte(0x11);
    ir.code.u32(this.#regionType);
    ir.code.byte(0);
    ir.localSet(result);
    this.#countRegion(result);
    this.#loadState(opcode.i32Load, state.fpKind.offset);
    ir.openIf();
    ir.localGet(0);
    ir.call(this.#imports.core('resolveFloatingPoint'));
    ir.close();
    this.#loadBudget();
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
    ir.localSet(this.#once);
    // Where control did not come by a branch the budget is not tested, as when all is interpreted.
    ir.i32Const(-0x80000000);
    ir.i32Const(0);
    ir.localGet(result);
    ir.code.byte(0x1b);
    ir.localSet(this.#limit);
    ir.i32Const(1);
    ir.localSet(this.#fromRegion);
    // Regions that were gone through may have changed the context.
    this.#loadContext();
    ir.branch(main.jump);
  }

  /** Where translated code leaves to is counted, in the room for a region's number, and translated when it is hot. */
  #countArrival(): void {
    const { ir } = this;
    const { record } = this.#frame;
    const count = this.#locals.keep('i32');
    const entry = this.#locals.keep('i32');
    ir.localGet(this.#fromRegion);
    ir.openIf();
    ir.i32Const(0);
    ir.localSet(this.#fromRegion);
    ir.localGet(record);
    ir.memory(opcode.i32Load16U, 0, 1);
    ir.i32Const(specialHandler.translated);
    ir.code.byte(0x47);
    ir.openIf();
    this.#sideEntry(2);
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
    ir.call(this.#imports.core('noteHot'));
    ir.close();
    ir.close();
    ir.close();
  }

  /** Adds to the statistics: what the region has executed (the budget in `left` less the one it stored), how it left. */
  #countRegion(result: number): void {
    const { ir } = this;
    ir.localGet(0);
    this.#loadState(opcode.i64Load, state.translated.offset);
    ir.localGet(this.#main.left);
    ir.i32Const(4);
    ir.code.byte(0x75);
    ir.code.byte(0xac);
    ir.code.byte(0x7c);
    this.#loadState(opcode.i64Load, state.budget.offset);
    ir.code.byte(0x7d);
    ir.memory(opcode.i64Store, state.translated.offset, 3);
    const counter = this.#locals.keep('i32');
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
  #rememberJump(): void {
    const { ir } = this;
    const entry = this.#locals.keep('i32');
    const address = this.#locals.keep('i64');
    this.#pushCia();
    ir.localTee(address);
    writeJumpCacheEntry(ir, entry);
    ir.localGet(0);
    ir.code.byte(0x6a);
    ir.localTee(entry);
    ir.localGet(address);
    ir.memory(opcode.i64Store, jumpCacheOffset, 3);
    ir.localGet(entry);
    this.#sideEntry(2);
    ir.memory(opcode.i32Load, recordSide.region, 2);
    ir.memory(opcode.i32Store, jumpCacheOffset + 8, 2);
    ir.localGet(entry);
    this.#loadState(opcode.i32Load, state.jumpContext.offset);
    ir.memory(opcode.i32Store, jumpCacheOffset + 12, 2);
  }

  /** Address of this record's entry in a table behind the records, whose entries are 16 >> shift bytes. */
  #sideEntry(shift: number): void {
    const { ir } = this;
    const main = this.#main;
    ir.localGet(main.recordBase);
    ir.localGet(this.#frame.record);
    ir.localGet(main.recordBase);
    ir.code.byte(0x6b);
    ir.i32Const(shift);
    ir.code.byte(0x76);
    ir.code.byte(0x6a);
  }

  #undecoded(): void {
    const { ir } = this;
    ir.localGet(this.#frame.record);
    ir.call(this.#imports.core('decodeRecord'));
    ir.branch(this.#main.next);
  }

  #endOfPage(): void {
    const { ir } = this;
    const main = this.#main;
    ir.localGet(main.pageEa);
    ir.code.byte(0x42);
    ir.code.s64(4096);
    ir.code.byte(0x7c);
    if (!this.#mode.is64) {
      ir.code.byte(0x42);
      ir.code.s64(0xffffffff);
      ir.code.byte(0x83);
    }
    ir.localSet(main.target);
    this.#countBeforeFault();
    ir.branch(main.jump);
  }

  /** Alignment interrupt; DAR is the address of the prefix (Book III, section 7.5.8). */
  #prefixAtBoundary(): void {
    const { ir } = this;
    ir.localGet(0);
    this.#pushCia();
    ir.memory(opcode.i64Store, sprOffset(darNumber), 3);
    this.#raise(0x600, prefixedSrr1 | boundarySrr1);
  }

  #raise(vector: number, srr1: number): void {
    const { ir } = this;
    ir.localGet(0);
    ir.i32Const(vector);
    ir.memory(opcode.i32Store, state.exception.offset, 2);
    ir.localGet(0);
    ir.code.byte(0x42);
    ir.code.s64(srr1);
    ir.memory(opcode.i64Store, state.exceptionSrr1.offset, 3);
    ir.branch(this.#main.fault);
  }
}

/**
 * Generates the interpreter of a mode. All modes give the same handler map, so that records serve all of them.
 * The module exports `run(cpu: i32) → leaveReason` and imports `env.memory`, core imports and data-plane functions.
 */
export function generateInterpreter(table: readonly InstructionRow[], mode: Mode): GeneratedInterpreter {
  const imports = new ImportList();
  const mainHandlers: MainHandler[] = [];
  const withCia: (ColdFunction & { variant: Variant })[] = [];
  const plain: (ColdFunction & { variant: Variant })[] = [];
  table.forEach((row, rowIndex) => {
    const prepared = prepareRow(row);
    for (const fixed of variantsOf(prepared)) {
      const variant: Variant = { rowIndex, prepared, fixed };
      try {
        const own = row.hot ? undefined : coldFunction(mode, variant, imports);
        if (own) (own.needsCia ? withCia : plain).push({ variant, ...own });
        else {
          mainHandlers.push({ ...variant, near: false });
          if (usesBranchField(mode, variant)) mainHandlers.push({ ...variant, near: true });
        }
      } catch (error) {
        throw new Error(
          `instruction ${row.mnemonic} (${variantKey(fixed)}): ${error instanceof Error ? error.message : error}`,
          { cause: error },
        );
      }
    }
  });

  const cold = [...withCia, ...plain];
  const module = new ModuleWriter();
  const coldType = module.type({ params: ['i32', 'i32'], results: ['i32'] });
  const regionType = module.type({ params: ['i32', 'i64'], results: ['i32'] });
  const main = new MainFunction(mode, imports, regionType).write(mainHandlers, coldType, withCia.length);
  const mainBytes = main.body.length;
  module.importMemory();
  module.importTable('regions', 1);
  for (const { name, type } of imports.list) module.importFunction(name, type);
  const functionIndices = cold.map(({ locals, body }) =>
    module.addFunction({ params: ['i32', 'i32'], results: ['i32'] }, locals.declaration(), body),
  );
  module.exportFunction(
    'run',
    module.addFunction({ params: ['i32'], results: ['i32'] }, main.locals.declaration(), main.body),
  );
  module.ownTable(functionIndices);
  return {
    bytes: module.finish(),
    mainBytes,
    handlers: handlerMap(
      mainHandlers,
      cold.map((item) => item.variant),
    ),
  };
}

function handlerMap(mainHandlers: readonly MainHandler[], cold: readonly Variant[]): HandlerMap {
  const map: Record<string, HandlerNumbers> = {};
  mainHandlers.forEach((item, i) => {
    const key = handlerKey(item.rowIndex, variantKey(item.fixed));
    map[key] = item.near ? { far: map[key]?.far ?? -1, near: firstHandler + i } : { far: firstHandler + i, near: -1 };
  });
  cold.forEach((item, i) => {
    map[handlerKey(item.rowIndex, variantKey(item.fixed))] = { far: firstHandler + mainHandlers.length + i, near: -1 };
  });
  return map;
}
