// Translates a region (control flow from one entry inside a page, or from several inside some pages) into one function.
//
// Loops and diamonds become structured control flow by the dominator tree (Ramsey, "Beyond Relooper", ICFP 2022).
// Registers live in locals; an access that misses the TLB leaves the region so that the interpreter serves it.
import { jumpCacheOffset } from '../../cpu/memory-map.ts';
import { facilityBit, slotOffset, state } from '../../cpu/state.ts';
import type { InstructionRow } from '../../isa/row.ts';
import type { ValueType } from '../../isa/value-type.ts';
import { fields } from '../fields.ts';
import type { Importer, MeaningFlow, Mode } from '../interpreter/interpreter-builder.ts';
import { Ir } from '../ir/ir.ts';
import { Locals } from '../ir/locals.ts';
import { writeJumpCacheEntry } from '../jump-cache.ts';
import { regionResult } from '../leave-reason.ts';
import { writeTlbIndex } from '../tlb-index.ts';
import type { FixedValues, PreparedRow } from '../variants.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { Bytes } from '../wasm/writer.ts';
import { AddressDispatch } from './address-dispatch.ts';
import { BlockPages } from './block-pages.ts';
import { writeGoOnAtNip } from './context-check.ts';
import type { FlowBlock, RegionInstruction, StructuredGraph } from './flow-graph.ts';
import { KeptPages } from './kept-pages.ts';
import { firstEnding, type RegionFrame, writeReturnToSite, writeSite } from './region-frame.ts';
import { RegisterLocals } from './register-locals.ts';
import { TranslatorBuilder, writeFastTest } from './translator-builder.ts';

/** What is known of an instruction word. */
export interface DecodedInstruction {
  readonly row: InstructionRow;
  readonly prepared: PreparedRow;
  readonly fixed: FixedValues;
  readonly flow: MeaningFlow;
}

/** How a region is compiled. */
export interface RegionOptions {
  readonly mode: Mode;
  readonly imports: Importer;
  /** Type index of regions in the module. */
  readonly regionType: number;
  readonly decode: (instruction: RegionInstruction) => DecodedInstruction;
  /** Test the budget at every taken branch, as the interpreter does, so that instruction counts are the same. */
  readonly exactBudget: boolean;
  /** Use the host's relaxed multiply-add: it rounds once. */
  readonly fusesMultiplyAdd: boolean;
  /**
   * Addresses of the records of the region's pages by their distance from the first one in pages, that one (0) among
   * them. They say which real page and byte order is meant.
   */
  readonly pages: ReadonlyMap<number, number>;
}

/** Where control enters a region that has a dispatcher. */
export interface RegionEntry {
  /** Distance from the region's page in bytes. */
  readonly at: number;
  /** The dispatcher's number for it. */
  readonly number: number;
  /** What the function gets as its set of pages whose translation is known: the page of the entry. */
  readonly knownPages: number;
}

/**
 * A compiled region: a function (cpu: i32, pageEa: i64) → regionResult; with a dispatcher (cpu: i32, pageEa: i64,
 * number: i32, knownPages: i32, at: i32), see {@link RegionEntry}.
 */
export interface CompiledRegion {
  readonly body: Bytes;
  readonly locals: readonly (readonly [number, ValueType])[];
  /** Guest instructions in it. */
  readonly instructions: number;
  /** Undefined: one entry, and no dispatcher. */
  readonly entries: readonly RegionEntry[] | undefined;
}

/** Parameter types of a region's function, and of one with a dispatcher. */
export const regionParameters = ['i32', 'i64'] as const;
export const dispatchedParameters = ['i32', 'i64', 'i32', 'i32', 'i32'] as const;

/** Most pages of a region: bits of a word. */
export const mostPages = 32;

/** Parameters of the function. */
const cpuLocal = 0;
const pageEaLocal = 1;
const numberLocal = 2;
const knownPagesLocal = 3;
const entryAtLocal = 4;

const pageOf = (at: number) => at >> 12;

class RegionCompiler {
  readonly #graph: StructuredGraph;
  readonly #options: RegionOptions;
  readonly #locals: Locals;
  readonly #ir: Ir;
  readonly #frame: RegionFrame;
  readonly #registers: RegisterLocals;
  readonly #builder: TranslatorBuilder;
  readonly #left: number;
  readonly #result: number;
  /** Bit of each page of the region, by its distance in pages. */
  readonly #pageBits: ReadonlyMap<number, number>;
  readonly #dispatch: AddressDispatch | undefined;
  /** Labels of loops and of blocks that are branched to, by block number. */
  readonly #loopLabels = new Map<number, number>();
  readonly #blockLabels = new Map<number, number>();
  readonly #byStart: ReadonlyMap<number, number>;
  /** Facilities that the block being written has tested. */
  #facilities = 0;
  #supervisor = false;
  #instructions = 0;

  constructor(graph: StructuredGraph, options: RegionOptions) {
    this.#graph = graph;
    this.#options = options;
    const hasDispatcher = graph.dispatched.length > 0;
    const locals = new Locals((hasDispatcher ? dispatchedParameters : regionParameters).length);
    this.#locals = locals;
    this.#ir = new Ir(locals);
    this.#frame = {
      tlbRead: locals.keep('i32'),
      tlbWrite: locals.keep('i32'),
      tlbExecute: locals.keep('i32'),
      facilities: locals.keep('i32'),
      jumpContext: locals.keep('i32'),
      left: locals.keep('i32'),
      result: locals.keep('i32'),
      site: locals.keep('i32'),
      entry: locals.keep('i32'),
      pageEa: pageEaLocal,
      next: locals.keep('i64'),
      distance: locals.keep('i64'),
      address: locals.keep('i64'),
      fast: locals.keep('i32'),
      keptPages: new KeptPages(this.#ir),
      blockPages: new BlockPages(this.#ir),
      exactBudget: options.exactBudget,
      fusesMultiplyAdd: options.fusesMultiplyAdd,
      endings: [],
      miss: 0,
      raised: 0,
      leave: 0,
    };
    this.#left = this.#frame.left;
    this.#result = this.#frame.result;
    this.#registers = new RegisterLocals(this.#ir);
    this.#builder = new TranslatorBuilder(this.#ir, options.mode, this.#frame, this.#registers, options.imports);
    this.#byStart = new Map(
      graph.blocks.flatMap((block, i) => (block.instructions.length > 0 ? [[block.start, i]] : [])),
    );
    this.#pageBits = new Map([...options.pages.keys()].map((page, i) => [page, 1 << i]));
    if (hasDispatcher) {
      this.#dispatch = new AddressDispatch(graph.dispatched.map((block) => graph.blocks[block]?.start ?? 0));
    }
  }

  /** True when a block of the outermost loop with this head may take translations away. */
  #changesTranslation(head: number): boolean {
    const { blocks, outermostLoop } = this.#graph;
    return blocks.some(
      ({ instructions }, i) =>
        outermostLoop[i] === head &&
        instructions.some((instruction) => this.#options.decode(instruction).flow.changesTranslation),
    );
  }

  #entries(): readonly RegionEntry[] | undefined {
    const { blocks, dispatched } = this.#graph;
    if (dispatched.length === 0) return undefined;
    return dispatched.map((block, number) => {
      const at = blocks[block]?.start ?? 0;
      return { at, number, knownPages: this.#pageBits.get(pageOf(at)) ?? 0 };
    });
  }

  compile(): CompiledRegion {
    const ir = this.#ir;
    // The body comes first: only then it is known which registers to load in front of it.
    this.#frame.leave = ir.openBlock();
    this.#frame.raised = ir.openBlock();
    this.#frame.miss = ir.openBlock();
    this.#tree(0);
    ir.code.byte(0x00);
    ir.close();
    this.#siteLeave(regionResult.interpret);
    ir.close();
    this.#siteLeave(regionResult.raised);
    ir.close();
    this.#epilogue();
    const body = ir.code;
    const whole = new Ir(this.#locals);
    this.#prologue(whole);
    whole.code.append(body);
    body.free();
    whole.code.byte(0x0b);
    return {
      body: whole.code,
      locals: this.#locals.declaration(),
      instructions: this.#instructions,
      entries: this.#entries(),
    };
  }

  // --- entry and exits

  #prologue(ir: Ir): void {
    if (this.#supervisor) {
      ir.localGet(cpuLocal);
      ir.memory(opcode.i32Load, slotOffset.msr, 2);
      ir.i32Const(0x4000);
      ir.code.byte(0x71);
      this.#refuse(ir);
    }
    if (this.#builder.usesFloatingPoint) {
      // VE, OE, UE, ZE, XE.
      ir.localGet(cpuLocal);
      ir.memory(opcode.i32Load, slotOffset.fpscr, 2);
      ir.i32Const(0xf8);
      ir.code.byte(0x71);
      this.#refuse(ir);
      writeFastTest(ir, this.#frame.fast);
    }
    const load = (offset: number, local: number) => {
      ir.localGet(cpuLocal);
      ir.memory(opcode.i32Load, offset, 2);
      ir.localSet(local);
    };
    load(state.tlbRead.offset, this.#frame.tlbRead);
    load(state.tlbWrite.offset, this.#frame.tlbWrite);
    load(state.tlbExecute.offset, this.#frame.tlbExecute);
    load(state.facilities.offset, this.#frame.facilities);
    load(state.jumpContext.offset, this.#frame.jumpContext);
    load(state.budget.offset, this.#left);
    this.#registers.writeLoads(ir);
  }

  /** With a condition on the stack: has the first instruction interpreted, which raises what is due. */
  #refuse(ir: Ir): void {
    ir.openIf();
    ir.localGet(cpuLocal);
    ir.localGet(pageEaLocal);
    if (this.#dispatch) {
      ir.localGet(entryAtLocal);
      ir.code.byte(0xac);
    } else {
      ir.code.byte(0x42);
      ir.code.s64(this.#graph.blocks[0]?.start ?? 0);
    }
    ir.code.byte(0x7c);
    ir.memory(opcode.i64Store, slotOffset.nip, 3);
    ir.i32Const(regionResult.interpret);
    ir.return();
    ir.close();
  }

  /** Leaves at the instruction that `site` names, with its uncompleted rest of the block given back. */
  #siteLeave(result: number): void {
    const ir = this.#ir;
    writeReturnToSite(ir, this.#frame);
    ir.i32Const(result);
    ir.localSet(this.#result);
    ir.branch(this.#frame.leave);
  }

  /** Stores the registers, then goes on in the region at `next` if the jump cache knows one, else leaves. */
  #epilogue(): void {
    const ir = this.#ir;
    const { next } = this.#frame;
    this.#registers.writeStores(ir);
    ir.localGet(cpuLocal);
    ir.localGet(this.#left);
    ir.code.byte(0xac);
    ir.memory(opcode.i64Store, state.budget.offset, 3);
    if (this.#frame.endings.length > 0) this.#endings();
    const leave = ir.openBlock();
    // A branch goes on while there is budget, falling through always.
    ir.localGet(this.#result);
    ir.openIf();
    ir.localGet(this.#result);
    ir.i32Const(regionResult.fallThrough);
    ir.code.byte(0x47);
    ir.branchIf(leave);
    ir.openElse();
    ir.localGet(this.#left);
    ir.i32Const(0);
    ir.code.byte(0x4c);
    ir.branchIf(leave);
    ir.close();
    this.#chain(leave);
    ir.close();
    ir.localGet(cpuLocal);
    ir.localGet(next);
    ir.memory(opcode.i64Store, slotOffset.nip, 3);
    ir.localGet(this.#result);
  }

  /** Makes the call that ends the region, if one does, and takes the interrupt that it raises. */
  #endings(): void {
    const ir = this.#ir;
    const { imports, mode } = this.#options;
    ir.localGet(this.#result);
    ir.i32Const(firstEnding);
    ir.code.byte(0x4f);
    ir.openIf();
    ir.localGet(cpuLocal);
    ir.localGet(this.#frame.next);
    ir.memory(opcode.i64Store, slotOffset.nip, 3);
    this.#frame.endings.forEach(({ name, args }, i) => {
      ir.localGet(this.#result);
      ir.i32Const(firstEnding + i);
      ir.code.byte(0x46);
      ir.openIf();
      ir.localGet(cpuLocal);
      for (const arg of args) ir.i32Const(arg);
      ir.call(imports.dataPlane(name));
      ir.close();
    });
    ir.localGet(cpuLocal);
    ir.memory(opcode.i32Load, state.exception.offset, 2);
    ir.openIf();
    ir.localGet(cpuLocal);
    ir.call(imports.core('deliver'));
    ir.close();
    writeGoOnAtNip(ir, this.#frame, mode);
    ir.close();
  }

  #chain(leave: number): void {
    const ir = this.#ir;
    const { next, entry } = this.#frame;
    ir.localGet(next);
    writeJumpCacheEntry(ir, entry);
    ir.localGet(cpuLocal);
    ir.code.byte(0x6a);
    ir.localTee(entry);
    ir.memory(opcode.i64Load, jumpCacheOffset, 3);
    ir.localGet(next);
    ir.code.byte(0x52);
    ir.branchIf(leave);
    ir.localGet(entry);
    ir.memory(opcode.i32Load, jumpCacheOffset + 12, 2);
    ir.localGet(cpuLocal);
    ir.memory(opcode.i32Load, state.jumpContext.offset, 2);
    ir.code.byte(0x47);
    ir.branchIf(leave);
    ir.localGet(cpuLocal);
    ir.localGet(next);
    ir.code.byte(0x42);
    ir.code.s64(-4096);
    ir.code.byte(0x83);
    ir.localGet(entry);
    ir.memory(opcode.i32Load, jumpCacheOffset + 8, 2);
    // return_call_indirect
    ir.code.byte(0x13);
    ir.code.u32(this.#options.regionType);
    ir.code.byte(0);
  }

  /** Leaves and goes on at a place; `branched`: by a branch. */
  #leaveTo(at: number, branched: boolean): void {
    const ir = this.#ir;
    ir.localGet(pageEaLocal);
    ir.code.byte(0x42);
    ir.code.s64(at);
    ir.code.byte(0x7c);
    if (!this.#options.mode.is64) {
      ir.code.byte(0x42);
      ir.code.s64(0xffffffff);
      ir.code.byte(0x83);
    }
    ir.localSet(this.#frame.next);
    if (!branched) {
      ir.i32Const(regionResult.fallThrough);
      ir.localSet(this.#result);
    }
    ir.branch(this.#frame.leave);
  }

  // --- structured control flow

  #tree(block: number): void {
    const { children, isMerge, isLoop, position, outermostLoop } = this.#graph;
    const ir = this.#ir;
    const at = (b: number) => position[b] ?? -1;
    const merges = (children[block] ?? []).filter((child) => isMerge[child]).sort((a, b) => at(b) - at(a));
    if (!isLoop[block]) {
      this.#within(block, merges);
      return;
    }
    const keeps = outermostLoop[block] === block && !this.#changesTranslation(block);
    const before = ir.code.length;
    if (keeps) this.#frame.keptPages.beginLoop();
    this.#loopLabels.set(block, ir.openLoop());
    this.#within(block, merges);
    ir.close();
    ir.code.byte(0x00);
    if (keeps) this.#frame.keptPages.endLoop(before);
  }

  #within(block: number, merges: readonly number[]): void {
    const [first, ...rest] = merges;
    if (first === undefined) {
      if (block === 0 && this.#dispatch) this.#dispatcher(this.#dispatch);
      else this.#block(block);
      return;
    }
    this.#blockLabels.set(first, this.#ir.openBlock());
    this.#within(block, rest);
    this.#ir.close();
    this.#tree(first);
  }

  /** Goes to the block that the number in its local says. */
  #dispatcher(dispatch: AddressDispatch): void {
    const ir = this.#ir;
    const { dispatched } = this.#graph;
    const { next, leave } = this.#frame;
    const labels = dispatched.map((block) => this.#blockLabels.get(block) ?? 0);
    dispatch.write(ir, numberLocal, labels, leave, (target) => {
      const block = dispatched[target] ?? 0;
      const at = this.#graph.blocks[block]?.start ?? 0;
      ir.localGet(next);
      ir.localGet(pageEaLocal);
      ir.code.byte(0x42);
      ir.code.s64(at);
      ir.code.byte(0x7c);
      ir.code.byte(0x51);
      ir.openIf();
      this.#checkPage(at, true);
      ir.branch(labels[target] ?? 0);
      ir.close();
    });
  }

  /** Leaves to a place unless its page is known to be the one that the region was made from. */
  #checkPage(at: number, branched: boolean): void {
    if (this.#options.pages.size === 1) return;
    const ir = this.#ir;
    const page = pageOf(at);
    const bit = this.#pageBits.get(page) ?? 0;
    const { address, entry, tlbExecute } = this.#frame;
    ir.localGet(knownPagesLocal);
    ir.i32Const(bit);
    ir.code.byte(0x71);
    ir.code.byte(0x45);
    ir.openIf();
    ir.localGet(pageEaLocal);
    ir.code.byte(0x42);
    ir.code.s64(page * 4096);
    ir.code.byte(0x7c);
    ir.localTee(address);
    writeTlbIndex(ir, entry);
    ir.localGet(tlbExecute);
    ir.code.byte(0x6a);
    ir.localTee(entry);
    ir.memory(opcode.i64Load, 0, 3);
    ir.localGet(address);
    ir.code.byte(0x52);
    ir.localGet(entry);
    ir.memory(opcode.i32Load, 8, 2);
    ir.i32Const(this.#options.pages.get(page) ?? 0);
    ir.code.byte(0x47);
    ir.code.byte(0x72);
    ir.openIf();
    this.#leaveTo(at, branched);
    ir.close();
    ir.localGet(knownPagesLocal);
    ir.i32Const(bit);
    ir.code.byte(0x72);
    ir.localSet(knownPagesLocal);
    ir.close();
  }

  /** Control goes from `from` to `to` inside the region, by a branch or not; `from` is where the code being written is. */
  #follow(from: number, to: number, branched: boolean): void {
    const { position, isMerge, isCut, blocks, dispatched } = this.#graph;
    const ir = this.#ir;
    const at = (b: number) => position[b] ?? -1;
    const start = blocks[to]?.start ?? 0;
    const cut = isCut(from, to);
    if (cut && !this.#dispatch) {
      this.#leaveTo(start, branched);
      return;
    }
    // The interpreter tests the budget at branches only; every loop has one.
    const { exactBudget } = this.#options;
    if (exactBudget ? branched : cut || at(to) <= at(from)) this.#checkBudget(start);
    if (pageOf(blocks[from]?.start ?? 0) !== pageOf(start)) this.#checkPage(start, branched);
    if (cut) {
      ir.i32Const(dispatched.indexOf(to));
      ir.localSet(numberLocal);
      ir.branch(this.#loopLabels.get(0) ?? 0);
    } else if (at(to) <= at(from)) {
      ir.branch(this.#loopLabels.get(to) ?? 0);
    } else if (isMerge[to]) {
      ir.branch(this.#blockLabels.get(to) ?? 0);
    } else {
      this.#tree(to);
    }
  }

  #checkBudget(at: number): void {
    const ir = this.#ir;
    ir.localGet(this.#left);
    ir.i32Const(0);
    ir.code.byte(0x4c);
    ir.openIf();
    this.#noteInside();
    this.#leaveTo(at, true);
    ir.close();
  }

  #noteInside(): void {
    const ir = this.#ir;
    ir.localGet(cpuLocal);
    ir.i32Const(1);
    ir.memory(opcode.i32Store, state.endedInside.offset, 2);
  }

  /** Goes on at the address in `next`, by the dispatcher if it is to be asked. */
  #followAddress({ indirect }: FlowBlock): void {
    const ir = this.#ir;
    const { next, leave } = this.#frame;
    if (this.#dispatch && indirect) {
      ir.localGet(this.#left);
      ir.i32Const(0);
      ir.code.byte(0x4c);
      ir.openIf();
      this.#noteInside();
      ir.branch(leave);
      ir.close();
      ir.localGet(next);
      ir.localGet(pageEaLocal);
      ir.code.byte(0x7d);
      this.#dispatch.writeNumber(ir);
      ir.localSet(numberLocal);
      ir.branch(this.#loopLabels.get(0) ?? 0);
    } else {
      ir.branch(leave);
    }
  }

  #block(number: number): void {
    const block = this.#graph.blocks[number];
    if (!block) return;
    const ir = this.#ir;
    const { instructions } = block;
    ir.localGet(this.#left);
    ir.i32Const(instructions.length);
    ir.code.byte(0x6b);
    ir.localSet(this.#left);
    this.#builder.beginBlock();
    this.#frame.blockPages.clear();
    this.#facilities = 0;
    instructions.forEach((instruction, i) => {
      this.#instruction(number, block, instruction, instructions.length - i);
    });
    // Crossing into the next page counts as a branch, as in the interpreter.
    const crosses = (block.end & 0xfff) === 0;
    if (block.next !== undefined) this.#follow(number, block.next, crosses);
    else this.#leaveTo(block.end, crosses);
  }

  #instruction(number: number, block: FlowBlock, instruction: RegionInstruction, remaining: number): void {
    const { at, word, prefix } = instruction;
    const { row, prepared, fixed } = this.#options.decode(instruction);
    this.#instructions++;
    this.#builder.begin({
      word,
      prefix,
      prepared,
      fixed,
      at,
      remaining,
      followBranch: (target) => this.#branch(number, block, target),
      followAddress: () => this.#followAddress(block),
    });
    if (prefix !== 0) this.#needFacility(facilityBit.PREFIX, at, remaining);
    if (row.facility) this.#needFacility(facilityBit[row.facility], at, remaining);
    if (row.secondFacility) this.#needFacility(facilityBit[row.secondFacility], at, remaining);
    if (row.facilityByField) {
      const { field, facilities } = row.facilityByField;
      this.#needFacility(facilityBit[facilities[prepared.field(field, word, prefix) === 0 ? 0 : 1]], at, remaining);
    }
    if (row.privilege === 'supervisor') this.#supervisor = true;
    row.meaning(this.#builder, fields);
    this.#ir.flush();
    this.#locals.release();
  }

  /**
   * Has the instruction interpreted, which raises what is due, while its facility is off. Tested where a block first
   * needs it: a region may have a path without (copies that do or do not use VMX).
   */
  #needFacility(bit: number, at: number, remaining: number): void {
    if ((this.#facilities & bit) !== 0) return;
    this.#facilities |= bit;
    const ir = this.#ir;
    writeSite(ir, this.#frame, at, remaining);
    ir.localGet(this.#frame.facilities);
    ir.i32Const(bit);
    ir.code.byte(0x71);
    ir.code.byte(0x45);
    ir.branchIf(this.#frame.miss);
  }

  /** Writes the branch to a place. */
  #branch(from: number, block: FlowBlock, target: number): void {
    const to = this.#byStart.get(target);
    if (block.taken === undefined || to !== block.taken) this.#leaveTo(target, true);
    else this.#follow(from, to, true);
  }
}

/** Writes a function that enters a region with a dispatcher, `region`, as regions are entered. */
export function writeEntry(entry: RegionEntry, region: number): Bytes {
  const ir = new Ir(new Locals(regionParameters.length));
  ir.localGet(cpuLocal);
  ir.localGet(pageEaLocal);
  ir.code.byte(0x42);
  ir.code.s64(pageOf(entry.at) * 4096);
  ir.code.byte(0x7d);
  ir.i32Const(entry.number);
  ir.i32Const(entry.knownPages);
  ir.i32Const(entry.at);
  // return_call
  ir.code.byte(0x12);
  ir.code.u32(region);
  ir.code.byte(0x0b);
  return ir.code;
}

/** Compiles a region. */
export function compileRegion(graph: StructuredGraph, options: RegionOptions): CompiledRegion {
  return new RegionCompiler(graph, options).compile();
}
