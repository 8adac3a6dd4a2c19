// What the parts that write a region's function share: its locals and labels.
import { state } from '../../cpu/state.ts';
import type { FunctionName } from '../../isa/functions.ts';
import type { Ir } from '../ir/ir.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { BlockPages } from './block-pages.ts';
import { KeptPages } from './kept-pages.ts';

/** A call that ends a region, with constant arguments. */
export interface RegionEnding {
  readonly name: FunctionName;
  readonly args: readonly number[];
}

/** The result of a region that ends with a call is, until that is done, this number plus that of the ending. */
export const firstEnding = 16;

/**
 * Parameters of the function (`regionParameters`). The second one is the effective address of the entry at first, then that of the page that places are
 * counted from; the third one is the number of the entry, then that of the block that the dispatcher is to go to.
 */
export const parameter = { cpu: 0, pageEa: 1, number: 2, returnTo: 3, waiting: 4 } as const;

/** Words of the CPU state that say what translations and facilities are in force: a local for each. */
export interface ContextLocals {
  readonly tlbRead: number;
  readonly tlbWrite: number;
  readonly tlbExecute: number;
  readonly facilities: number;
  readonly jumpContext: number;
}

/** Locals and labels of the function that a region becomes. */
export interface RegionFrame {
  /** i32: what was in force at the entry, or behind the last call that has come back. */
  readonly context: ContextLocals;
  /** Where these words are needed they are read from the CPU state: they are nothing to carry along. */
  readonly contextInMemory: boolean;
  /** It has instructions that may change the context. Without, the locals are not used where the words are read from the state. */
  readonly checksContext: boolean;
  /** i32: result of a call that was waited for. */
  readonly called: number;
  /** i32: budget left, and the region's result. */
  readonly left: number;
  readonly result: number;
  /** i64: effective address of the page that places are counted from; i64: where to go on; i32: site of the last access that can leave. */
  readonly pageEa: number;
  readonly next: number;
  readonly site: number;
  /** i32: bits of the pages that are known to be those that the region was made from; of a region of several pages only. */
  readonly knownPages: number;
  /** Scratch of the memory probes. */
  readonly entry: number;
  readonly distance: number;
  readonly address: number;
  readonly keptPages: KeptPages;
  readonly blockPages: BlockPages;
  /** i32: 1 while host arithmetic serves (rounding to nearest, XX set, NI clear). */
  readonly fast: number;
  /** The host's relaxed multiply-add rounds once. */
  readonly fusesMultiplyAdd: boolean;
  /** Instructions are counted as the interpreter counts them. */
  readonly exactBudget: boolean;
  /** Calls that end the region, by number. */
  readonly endings: RegionEnding[];
  /** Labels: an access missed or an instruction must be interpreted; an interrupt was raised; leave with `next` set. */
  miss: number;
  raised: number;
  leave: number;
}

/** How a region is compiled, as far as its frame says it. */
export interface FrameOptions extends Pick<RegionFrame, 'exactBudget' | 'fusesMultiplyAdd' | 'checksContext'> {
  readonly registersInMemory: boolean;
}

/** The frame of a region whose body `ir` writes; labels are set when they are open. */
export function newRegionFrame(ir: Ir, options: FrameOptions): RegionFrame {
  const { locals } = ir;
  const { exactBudget, fusesMultiplyAdd, checksContext, registersInMemory } = options;
  const blockPages = new BlockPages(ir);
  ir.observer = blockPages;
  return {
    context: {
      tlbRead: locals.keep('i32'),
      tlbWrite: locals.keep('i32'),
      tlbExecute: locals.keep('i32'),
      facilities: locals.keep('i32'),
      jumpContext: locals.keep('i32'),
    },
    contextInMemory: registersInMemory,
    checksContext,
    called: locals.keep('i32'),
    left: locals.keep('i32'),
    result: locals.keep('i32'),
    site: locals.keep('i32'),
    knownPages: locals.keep('i32'),
    entry: locals.keep('i32'),
    pageEa: parameter.pageEa,
    next: locals.keep('i64'),
    distance: locals.keep('i64'),
    address: locals.keep('i64'),
    fast: locals.keep('i32'),
    keptPages: new KeptPages(ir),
    blockPages,
    exactBudget,
    fusesMultiplyAdd,
    endings: [],
    miss: 0,
    raised: 0,
    leave: 0,
  };
}

/** Bits of a site's number that say how many instructions of its block, of at most 1,024, are given back. */
const remainingBits = 11;

/** Places that a site can name lie within this many bytes of the region's page. */
export const furthestPlace = 2 ** (31 - remainingBits + 2);

/** Notes the instruction that is about to do something that can leave: its place and the instructions to give back. */
export function writeSite(ir: Ir, frame: RegionFrame, at: number, remaining: number): void {
  ir.i32Const(((at >> 2) << remainingBits) | remaining);
  ir.localSet(frame.site);
}

/** Gives back to `left` what the site says, and puts the address of its instruction into `next`. */
export function writeReturnToSite(ir: Ir, frame: RegionFrame): void {
  ir.localGet(frame.left);
  ir.localGet(frame.site);
  ir.i32Const(2 ** remainingBits - 1);
  ir.code.byte(0x71);
  ir.code.byte(0x6a);
  ir.localSet(frame.left);
  ir.localGet(frame.pageEa);
  ir.localGet(frame.site);
  ir.i32Const(remainingBits);
  ir.code.byte(0x75);
  ir.i32Const(2);
  ir.code.byte(0x74);
  ir.code.byte(0xac);
  ir.code.byte(0x7c);
  ir.localSet(frame.next);
}

const contextWords = ['tlbRead', 'tlbWrite', 'tlbExecute', 'facilities', 'jumpContext'] as const;

/** Writes: the word as it is in force. */
export function writeContextWord(ir: Ir, f: RegionFrame, word: keyof ContextLocals): void {
  if (!f.contextInMemory) {
    ir.localGet(f.context[word]);
    return;
  }
  ir.localGet(parameter.cpu);
  ir.memory(opcode.i32Load, state[word].offset, 2);
}

/** Writes the loads of those words that `needed` names by their locals. */
export function writeContextLoads(ir: Ir, f: RegionFrame, needed: (local: number) => boolean): void {
  if (f.contextInMemory && !f.checksContext) return;
  for (const word of contextWords) {
    const local = f.context[word];
    if (!needed(local)) continue;
    ir.localGet(parameter.cpu);
    ir.memory(opcode.i32Load, state[word].offset, 2);
    ir.localSet(local);
  }
}
