// Translates a region (control flow inside one page, from one entry) into one WebAssembly function.
//
// Loops and diamonds become structured control flow by the dominator tree (Ramsey, "Beyond Relooper", ICFP 2022).
// Registers live in locals; an access that misses the TLB leaves the region so that the interpreter serves it.
import { jumpCacheOffset } from '../../cpu/memory-map.ts';
import { facilityBit, slotOffset, state } from '../../cpu/state.ts';
import { fieldValue } from '../../isa/field.ts';
import type { InstructionRow } from '../../isa/row.ts';
import type { ValueType } from '../../isa/value-type.ts';
import { fields } from '../fields.ts';
import type { Importer, MeaningFlow, Mode } from '../interpreter/interpreter-builder.ts';
import { Ir } from '../ir/ir.ts';
import { Locals } from '../ir/locals.ts';
import { writeJumpCacheEntry } from '../jump-cache.ts';
import { regionResult } from '../leave-reason.ts';
import type { FixedValues, PreparedRow } from '../variants.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { Bytes } from '../wasm/writer.ts';
import type { FlowBlock, RegionInstruction, StructuredGraph } from './flow-graph.ts';
import { KeptPages } from './kept-pages.ts';
import type { RegionFrame } from './region-frame.ts';
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
  readonly decode: (word: number) => DecodedInstruction;
  /** Test the budget at every taken branch, as the interpreter does, so that instruction counts are the same. */
  readonly exactBudget: boolean;
}

/** A compiled region: a function (cpu: i32, pageEa: i64) → regionResult. */
export interface CompiledRegion {
  readonly body: Bytes;
  readonly locals: readonly (readonly [number, ValueType])[];
  /** Guest instructions in it. */
  readonly instructions: number;
}

/** Parameters of the function. */
const cpuLocal = 0;
const pageEaLocal = 1;

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
    const locals = new Locals(2);
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
      keptPages: graph.isLoop.includes(true) && !this.#changesTranslation() ? new KeptPages(this.#ir) : undefined,
      exactBudget: options.exactBudget,
      miss: 0,
      raised: 0,
      leave: 0,
    };
    this.#left = this.#frame.left;
    this.#result = this.#frame.result;
    this.#registers = new RegisterLocals(this.#ir);
    this.#builder = new TranslatorBuilder(this.#ir, options.mode, this.#frame, this.#registers, options.imports);
    this.#byStart = new Map(graph.blocks.map((block, i) => [block.start, i]));
  }

  #changesTranslation(): boolean {
    const { blocks } = this.#graph;
    return blocks.some(({ instructions }) =>
      instructions.some(({ word }) => this.#options.decode(word).flow.changesTranslation),
    );
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
    whole.code.byte(0x0b);
    return { body: whole.code, locals: this.#locals.declaration(), instructions: this.#instructions };
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
    this.#frame.keptPages?.writeReset(ir);
  }

  /** With a condition on the stack: has the first instruction interpreted, which raises what is due. */
  #refuse(ir: Ir): void {
    ir.openIf();
    ir.localGet(cpuLocal);
    ir.localGet(pageEaLocal);
    ir.code.byte(0x42);
    ir.code.s64(this.#graph.blocks[0]?.start ?? 0);
    ir.code.byte(0x7c);
    ir.memory(opcode.i64Store, slotOffset.nip, 3);
    ir.i32Const(regionResult.interpret);
    ir.return();
    ir.close();
  }

  /** Leaves at the instruction that `site` names, with its uncompleted rest of the block given back. */
  #siteLeave(result: number): void {
    const ir = this.#ir;
    const { site, next, leave } = this.#frame;
    ir.localGet(this.#left);
    ir.localGet(site);
    ir.i32Const(16);
    ir.code.byte(0x76);
    ir.code.byte(0x6a);
    ir.localSet(this.#left);
    ir.localGet(pageEaLocal);
    ir.localGet(site);
    ir.i32Const(0xffff);
    ir.code.byte(0x71);
    ir.code.byte(0xad);
    ir.code.byte(0x7c);
    ir.localSet(next);
    ir.i32Const(result);
    ir.localSet(this.#result);
    ir.branch(leave);
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

  /** Leaves and goes on at a byte offset relative to the page; `branched`: by a branch. */
  #leaveToOffset(offset: number, branched: boolean): void {
    const ir = this.#ir;
    ir.localGet(pageEaLocal);
    ir.code.byte(0x42);
    ir.code.s64(offset);
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
    const { children, isMerge, isLoop, position } = this.#graph;
    const at = (b: number) => position[b] ?? -1;
    const merges = (children[block] ?? []).filter((child) => isMerge[child]).sort((a, b) => at(b) - at(a));
    if (!isLoop[block]) {
      this.#within(block, merges);
      return;
    }
    this.#loopLabels.set(block, this.#ir.openLoop());
    this.#within(block, merges);
    this.#ir.close();
    this.#ir.code.byte(0x00);
  }

  #within(block: number, merges: readonly number[]): void {
    const [first, ...rest] = merges;
    if (first === undefined) {
      this.#block(block);
      return;
    }
    this.#blockLabels.set(first, this.#ir.openBlock());
    this.#within(block, rest);
    this.#ir.close();
    this.#tree(first);
  }

  /** Control goes from `from` to `to` inside the region, by a branch or not; `from` is where the code being written is. */
  #follow(from: number, to: number, branched: boolean): void {
    const { position, isMerge } = this.#graph;
    const at = (b: number) => position[b] ?? -1;
    const target = this.#graph.blocks[to];
    if (at(to) <= at(from)) {
      // The interpreter tests the budget at branches only; every loop has one.
      if (branched || !this.#options.exactBudget) this.#checkBudget(target?.start ?? 0);
      this.#ir.branch(this.#loopLabels.get(to) ?? 0);
    } else if (isMerge[to]) {
      this.#ir.branch(this.#blockLabels.get(to) ?? 0);
    } else {
      this.#tree(to);
    }
  }

  #checkBudget(offset: number): void {
    const ir = this.#ir;
    ir.localGet(this.#left);
    ir.i32Const(0);
    ir.code.byte(0x4c);
    ir.openIf();
    this.#leaveToOffset(offset, true);
    ir.close();
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
    this.#facilities = 0;
    instructions.forEach((instruction, i) => {
      this.#instruction(number, block, instruction, instructions.length - i);
    });
    if (block.next !== undefined) this.#follow(number, block.next, false);
    // Crossing into the next page counts as a branch, as in the interpreter.
    else this.#leaveToOffset(block.end, block.end === 4096);
  }

  #instruction(number: number, block: FlowBlock, { offset, word }: RegionInstruction, remaining: number): void {
    const { row, prepared, fixed } = this.#options.decode(word);
    this.#instructions++;
    this.#builder.begin({
      word,
      pattern: prepared.pattern,
      fixed,
      offset,
      remaining,
      followBranch: (target) => this.#branch(number, block, target),
    });
    if (row.facility) this.#needFacility(facilityBit[row.facility], offset, remaining);
    if (row.facilityByField) {
      const { field, facilities } = row.facilityByField;
      this.#needFacility(
        facilityBit[facilities[fieldValue(prepared.pattern, field, word) === 0 ? 0 : 1]],
        offset,
        remaining,
      );
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
  #needFacility(bit: number, offset: number, remaining: number): void {
    if ((this.#facilities & bit) !== 0) return;
    this.#facilities |= bit;
    const ir = this.#ir;
    ir.i32Const(offset | (remaining << 16));
    ir.localSet(this.#frame.site);
    ir.localGet(this.#frame.facilities);
    ir.i32Const(bit);
    ir.code.byte(0x71);
    ir.code.byte(0x45);
    ir.branchIf(this.#frame.miss);
  }

  /** Writes the branch to an offset relative to the page. */
  #branch(from: number, block: FlowBlock, target: number): void {
    const to = this.#byStart.get(target);
    if (block.taken === undefined || to !== block.taken) {
      this.#leaveToOffset(target, true);
      return;
    }
    if (this.#options.exactBudget && (this.#graph.position[to] ?? 0) > (this.#graph.position[from] ?? 0))
      this.#checkBudget(target);
    this.#follow(from, to, true);
  }
}

/** Compiles a region. */
export function compileRegion(graph: StructuredGraph, options: RegionOptions): CompiledRegion {
  return new RegionCompiler(graph, options).compile();
}
