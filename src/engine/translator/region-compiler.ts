// Translates a region (control flow from one entry inside a page, or from several inside some pages) into one function.
//
// Loops and diamonds become structured control flow by the dominator tree (Ramsey, "Beyond Relooper", ICFP 2022).
// Registers live in locals; an access that misses the TLB leaves the region so that the interpreter serves it.
import { facilityBit, state } from '../../cpu/state.ts';
import type { ValueType } from '../../isa/value-type.ts';
import { fields } from '../fields.ts';
import type { Importer } from '../import-list.ts';
import type { Mode } from '../interpreter/mode.ts';
import { Ir } from '../ir/ir.ts';
import { Locals } from '../ir/locals.ts';
import { regionResult } from '../leave-reason.ts';
import { regionParameters } from '../region-interface.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { Bytes } from '../wasm/writer.ts';
import { AddressDispatch } from './address-dispatch.ts';
import type { FlowBlock } from './flow-blocks.ts';
import { writeNestedCall } from './nested-call.ts';
import { RegionExits } from './region-exits.ts';
import { newRegionFrame, parameter, type RegionFrame, writeContextWord, writeSite } from './region-frame.ts';
import {
  changesTranslation,
  mayChangeContext,
  mayUseFloatingPoint,
  type RegionInstruction,
} from './region-instructions.ts';
import type { BranchWriter } from './register-builder.ts';
import { RegisterLocals } from './register-locals.ts';
import type { StructuredGraph } from './structured-graph.ts';
import { TranslatorBuilder } from './translator-builder.ts';

/** How a region is compiled. */
export interface RegionOptions {
  readonly mode: Mode;
  readonly imports: Importer;
  /** Test the budget at every taken branch, as the interpreter does, so that instruction counts are the same. */
  readonly exactBudget: boolean;
  /** Control passes through rather than going round: see `RegisterLocals`. */
  readonly registersInMemory: boolean;
  /** Use the host's relaxed multiply-add: it rounds once. */
  readonly fusesMultiplyAdd: boolean;
  /**
   * Addresses of the records of the region's pages by their distance from the first one in pages, that one (0) among
   * them. They say which real page and byte order is meant.
   */
  readonly pages: ReadonlyMap<number, number>;
}

/** A compiled region: a function (cpu: i32, address of the entry: i64, number of the entry: i32) → regionResult. */
export interface CompiledRegion {
  readonly body: Bytes;
  readonly locals: readonly (readonly [number, ValueType])[];
  /** Guest instructions in it. */
  readonly instructions: number;
  /** Where control may enter it, by number: distances from the region's page in bytes. */
  readonly entries: readonly number[];
}

/** Most pages of a region: bits of a word. */
export const mostPages = 32;

const pageOf = (at: number) => at >> 12;

class RegionCompiler implements BranchWriter {
  readonly #graph: StructuredGraph;
  readonly #options: RegionOptions;
  readonly #locals: Locals;
  readonly #ir: Ir;
  readonly #frame: RegionFrame;
  readonly #registers: RegisterLocals;
  readonly #builder: TranslatorBuilder;
  readonly #exits: RegionExits;
  readonly #left: number;
  readonly #dispatch: AddressDispatch | undefined;
  readonly #entries: readonly number[];
  /** Labels of loops and of blocks that are branched to, by block number. */
  readonly #loopLabels: number[] = [];
  readonly #blockLabels: number[] = [];
  /** The block whose instructions are being written, and its number. */
  #present: FlowBlock | undefined;
  #number = 0;
  /** Facilities that the block being written has tested. */
  #facilities = 0;
  #supervisor = false;
  #instructions = 0;
  /** Control comes to the block that is written next from the code in front of it alone. */
  #continues = false;
  /** Control leaves to addresses that are computed: back behind calls, mostly. */
  #returns = false;
  /** It may have floating-point arithmetic. */
  readonly #floatingPoint: boolean;

  constructor(graph: StructuredGraph, options: RegionOptions) {
    this.#graph = graph;
    this.#options = options;
    const hasDispatcher = graph.dispatched.length > 0;
    const locals = new Locals(regionParameters.length);
    this.#locals = locals;
    this.#ir = new Ir(locals);
    const checksContext = mayChangeContext(graph.blocks);
    this.#frame = newRegionFrame(this.#ir, { ...options, checksContext });
    this.#left = this.#frame.left;
    this.#floatingPoint = mayUseFloatingPoint(graph.blocks);
    this.#registers = new RegisterLocals(this.#ir, options.registersInMemory);
    this.#builder = new TranslatorBuilder(this.#ir, options.mode, this.#frame, this.#registers, options.imports, this);
    const pageBits = new Map([...options.pages.keys()].map((page, i) => [page, 1 << i]));
    this.#entries = (hasDispatcher ? graph.dispatched : [0]).map((block) => graph.blocks[block]?.start ?? 0);
    this.#exits = new RegionExits(this.#ir, this.#frame, this.#registers, options, {
      bits: pageBits,
      records: options.pages,
      entries: this.#entries.map(pageOf),
    });
    if (hasDispatcher) {
      this.#dispatch = new AddressDispatch(
        this.#entries,
        graph.blocks.some((block) => block.indirect),
      );
    }
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
    this.#exits.siteLeave(regionResult.interpret);
    ir.close();
    this.#exits.siteLeave(regionResult.raised);
    ir.close();
    this.#exits.epilogue(this.#returns);
    const body = ir.code;
    const whole = new Ir(this.#locals);
    this.#exits.prologue(whole, {
      supervisor: this.#supervisor,
      floatingPoint: this.#builder.usesFloatingPoint,
    });
    whole.code.append(body);
    body.free();
    whole.code.byte(0x0b);
    return {
      body: whole.code,
      locals: this.#locals.declaration(),
      instructions: this.#instructions,
      entries: this.#entries,
    };
  }

  // --- structured control flow

  #tree(block: number): void {
    const { children, isMerge, isLoop, position, outermostLoop } = this.#graph;
    const ir = this.#ir;
    const merges: number[] = [];
    for (const child of children[block] ?? []) if (isMerge[child]) merges.push(child);
    if (merges.length > 1) merges.sort((a, b) => (position[b] ?? -1) - (position[a] ?? -1));
    if (!isLoop[block]) {
      this.#within(block, merges);
      return;
    }
    this.#continues = false;
    const keeps = outermostLoop[block] === block && !changesTranslation(this.#graph, block);
    const before = ir.code.length;
    if (keeps) this.#frame.keptPages.beginLoop();
    this.#loopLabels[block] = ir.openLoop();
    this.#within(block, merges);
    ir.close();
    ir.code.byte(0x00);
    if (keeps) this.#frame.keptPages.endLoop(before);
  }

  #within(block: number, merges: readonly number[]): void {
    for (const merge of merges) this.#blockLabels[merge] = this.#ir.openBlock();
    if (block === 0 && this.#dispatch) this.#dispatcher(this.#dispatch);
    else this.#block(block);
    for (let i = merges.length - 1; i >= 0; i--) {
      this.#ir.close();
      this.#tree(merges[i] ?? 0);
    }
  }

  /** Goes to the block that the number in its local says. */
  #dispatcher(dispatch: AddressDispatch): void {
    const ir = this.#ir;
    const { dispatched } = this.#graph;
    const { next, leave } = this.#frame;
    const labels = dispatched.map((block) => this.#blockLabels[block] ?? 0);
    // The number is never negative. V8 cannot know, and so does not compute all addresses of the region in front of the loop.
    ir.localGet(parameter.pageEa);
    ir.localGet(parameter.number);
    ir.i32Const(31);
    ir.code.byte(0x76);
    ir.code.byte(0xad);
    ir.code.byte(0x7c);
    ir.localSet(parameter.pageEa);
    dispatch.write(ir, parameter.number, labels, leave, (target) => {
      const block = dispatched[target] ?? 0;
      const at = this.#graph.blocks[block]?.start ?? 0;
      ir.localGet(next);
      ir.localGet(parameter.pageEa);
      ir.i64Const(at);
      ir.code.byte(0x7c);
      ir.code.byte(0x51);
      ir.openIf();
      this.#exits.checkPage(at, true);
      ir.branch(labels[target] ?? 0);
      ir.close();
    });
  }

  /** Control goes from `from` to `to` inside the region, by a branch or not; `from` is where the code being written is. */
  #follow(from: number, to: number, branched: boolean): void {
    const { position, isMerge, isCut, blocks, dispatchedTo } = this.#graph;
    const ir = this.#ir;
    const start = blocks[to]?.start ?? 0;
    const goesBack = (position[to] ?? -1) <= (position[from] ?? -1);
    const cut = isCut(from, to);
    if (cut && !this.#dispatch) {
      this.#exits.leaveTo(start, branched);
      return;
    }
    // The interpreter tests the budget at branches only; every loop has one.
    const { exactBudget } = this.#options;
    if (exactBudget ? branched : cut || goesBack) this.#checkBudget(start);
    if (pageOf(blocks[from]?.start ?? 0) !== pageOf(start)) this.#exits.checkPage(start, branched);
    if (cut) {
      ir.i32Const(dispatchedTo(to));
      ir.localSet(parameter.number);
      ir.branch(this.#loopLabels[0] ?? 0);
    } else if (goesBack) {
      ir.branch(this.#loopLabels[to] ?? 0);
    } else if (isMerge[to]) {
      ir.branch(this.#blockLabels[to] ?? 0);
    } else {
      this.#continues = !blocks[from]?.calls;
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
    this.#exits.leaveTo(at, true);
    ir.close();
  }

  #noteInside(): void {
    const ir = this.#ir;
    ir.localGet(parameter.cpu);
    ir.i32Const(1);
    ir.memory(opcode.i32Store, state.endedInside.offset, 2);
  }

  /** Goes on at the address in `next`, by the dispatcher if it is to be asked. */
  followAddress(): void {
    const block = this.#present;
    const ir = this.#ir;
    if (!block) return;
    if (block.calls) {
      this.#nest(block);
      return;
    }
    this.#returns = true;
    const { next, leave } = this.#frame;
    if (this.#dispatch && block.indirect) {
      ir.localGet(this.#left);
      ir.i32Const(0);
      ir.code.byte(0x4c);
      ir.openIf();
      this.#noteInside();
      ir.branch(leave);
      ir.close();
      ir.localGet(next);
      ir.localGet(parameter.pageEa);
      ir.code.byte(0x7d);
      this.#dispatch.writeNumber(ir);
      ir.localSet(parameter.number);
      ir.branch(this.#loopLabels[0] ?? 0);
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
    if (!this.#continues) {
      this.#builder.beginStretch();
      this.#frame.blockPages.clear();
      this.#facilities = 0;
    }
    this.#continues = false;
    this.#number = number;
    this.#present = block;
    let remaining = instructions.length;
    for (const instruction of instructions) this.#instruction(instruction, remaining--);
    // Crossing into the next page counts as a branch, as in the interpreter.
    const crosses = (block.end & 0xfff) === 0;
    if (block.next !== undefined) this.#follow(number, block.next, crosses);
    else this.#exits.leaveTo(block.end, crosses);
  }

  #instruction(instruction: RegionInstruction, remaining: number): void {
    const { at, word, prefix, decoded } = instruction;
    if (!decoded) throw new Error(`undecodable word ${word.toString(16)} in a region`);
    const { row, prepared } = decoded;
    this.#instructions++;
    this.#builder.begin(instruction, decoded, remaining);
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
    writeContextWord(ir, this.#frame, 'facilities');
    ir.i32Const(bit);
    ir.code.byte(0x71);
    ir.code.byte(0x45);
    ir.branchIf(this.#frame.miss);
  }

  #nest({ end }: FlowBlock): void {
    writeNestedCall(this.#ir, this.#frame, this.#options.imports, {
      place: end,
      floatingPoint: this.#floatingPoint,
    });
  }

  /** Writes the branch to a place. */
  followBranch(target: number): void {
    const block = this.#present;
    if (!block) return;
    if (block.calls) {
      this.#exits.setNext(target);
      this.#nest(block);
      return;
    }
    const to = block.taken;
    if (to === undefined || this.#graph.blocks[to]?.start !== target) this.#exits.leaveTo(target, true);
    else this.#follow(this.#number, to, true);
  }
}

/** Compiles a region. */
export function compileRegion(graph: StructuredGraph, options: RegionOptions): CompiledRegion {
  return new RegionCompiler(graph, options).compile();
}
