// The basic blocks of a region, found from where control may enter it.
//
// A place is its distance in bytes from the page of the region's start. Blocks that are reached by a branch to an address
// in a register, from outside, or against the structure of loops, are reached from a dispatcher, which is block 0 then.

import { behind, type Flow, type RegionInstruction } from './region-instructions.ts';

/** What becomes of calls: control leaves there, goes on in the code that is called, or behind the call when it comes back. */
export type Calls = 'leave' | 'follow' | 'nest';

/** A basic block; edges are block numbers. */
export interface FlowBlock {
  readonly instructions: readonly RegionInstruction[];
  readonly start: number;
  /** Behind the last instruction. */
  readonly end: number;
  /** It may end with a branch to an address that is not relative. */
  readonly indirect: boolean;
  /** It ends with a call, and control comes to `next` when that comes back. */
  readonly calls: boolean;
  /** Followed branch target, and the next block when control falls through; undefined where control leaves the region. */
  readonly taken: number | undefined;
  readonly next: number | undefined;
}

/** What the translator asks about code. */
export interface CodeReader {
  instruction(at: number): RegionInstruction;
  /** True when control that goes to there by a branch or into another page may be followed. */
  follows(at: number): boolean;
}

/** Blocks of a region with the places of those that a dispatcher must reach. */
export interface FoundBlocks {
  readonly blocks: readonly FlowBlock[];
  /** Block numbers. Empty: the region has one entry, block 0, and no dispatcher. */
  readonly dispatched: readonly number[];
}

/** What is looked for. */
export interface BlockSearch {
  /** Where control may enter; the first is the one that the region is made for. */
  readonly starts: readonly number[];
  /** Most instructions. */
  readonly limit: number;
  /** Where others start: the region ends there. */
  readonly ends: ReadonlySet<number>;
  /** Unless control leaves at calls, what they come back to can be entered, too. */
  readonly calls: Calls;
}

/** The region waits for the call that ends a block to come back to `next`. */
function nests({ call, fallsThrough }: Flow, next: number, { calls }: BlockSearch): boolean {
  return call && !fallsThrough && calls === 'nest' && (next & 0xfff) !== 0;
}

/** A conditional store in the block decides whether it is repeated: that happens seldom. */
function isRetried({ instructions }: FlowBlock): boolean {
  return instructions.some(({ decoded }) => decoded?.flow.storesConditionally);
}

/** True when control goes round in these blocks without waiting for calls. */
export function goesRoundAlone({ blocks }: FoundBlocks): boolean {
  /** By block: 0 not reached, then 1 plus the successors that were looked at, then 4. */
  const state = new Uint8Array(blocks.length);
  const stack: number[] = [];
  for (let root = 0; root < blocks.length; root++) {
    if (state[root] !== 0) continue;
    state[root] = 1;
    stack.push(root);
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const looked = state[at] ?? 0;
      state[at] = looked + 1;
      if (looked === 3) {
        stack.pop();
        continue;
      }
      const block = blocks[at];
      const successor = looked === 1 ? block?.taken : block?.calls ? undefined : block?.next;
      if (successor === undefined || state[successor] === 4) continue;
      if (state[successor] !== 0) {
        if (looked === 1 && block && isRetried(block)) continue;
        return true;
      }
      state[successor] = 1;
      stack.push(successor);
    }
  }
  return false;
}

/** Walks the code that control reaches. */
class CodeWalk {
  /** Where blocks start, and what the dispatcher must reach. */
  readonly leaders = new Set<number>();
  readonly dispatched = new Set<number>();
  readonly seen = new Map<number, RegionInstruction>();
  readonly #code: CodeReader;
  readonly #search: BlockSearch;
  readonly #work: number[] = [];

  constructor(code: CodeReader, search: BlockSearch) {
    this.#code = code;
    this.#search = search;
  }

  #lead(at: number): void {
    this.leaders.add(at);
    this.#work.push(at);
  }

  /** Walks from a place where control may enter. */
  enter(place: number): void {
    this.#lead(place);
    this.dispatched.add(place);
    const { limit } = this.#search;
    for (let at = this.#work.shift(); at !== undefined && this.seen.size < limit; at = this.#work.shift()) {
      this.#walk(at);
    }
  }

  /** Walks on until control does not come to the next instruction, or it was seen. */
  #walk(start: number): void {
    const { seen } = this;
    const code = this.#code;
    const { starts, limit, ends, calls } = this.#search;
    for (let at = start, next = at; !seen.has(at) && seen.size < limit; at = next) {
      if (at !== start && (at & 0xfff) === 0) {
        if (code.follows(at)) this.#lead(at);
        break;
      }
      if (ends.has(at) && at !== starts[0]) break;
      const instruction = code.instruction(at);
      next = behind(instruction);
      const { flow } = instruction;
      if (flow === 'stop') break;
      seen.set(at, instruction);
      if (!flow) continue;
      const { target, fallsThrough, call } = flow;
      if (target !== undefined && code.follows(target)) {
        this.#lead(target);
        if ((target <= at || (calls === 'nest' && target !== next)) && !call) this.dispatched.add(target);
      }
      // A call that was made comes back, if it has not yet.
      if (nests(flow, next, this.#search) || (call && calls === 'follow' && code.follows(next))) {
        this.dispatched.add(next);
        this.#lead(next);
      }
      if (!fallsThrough || !code.follows(next)) break;
      this.leaders.add(next);
    }
  }
}

/** The dispatcher as a block. */
const dispatcherBlock: FlowBlock = {
  instructions: [],
  start: 0,
  end: 0,
  indirect: false,
  calls: false,
  taken: undefined,
  next: undefined,
};

/**
 * Finds the blocks that are reachable from the starts; none when the first can't be translated. Heads of loops can be entered:
 * control comes back to them after what had to be interpreted. Where registers are in memory, so can all that is branched to.
 */
export function findBlocks(code: CodeReader, search: BlockSearch): FoundBlocks {
  const { starts, calls } = search;
  const [first = 0] = starts;
  const walk = new CodeWalk(code, search);
  const { leaders, dispatched, seen } = walk;
  for (const start of starts) walk.enter(start);
  if (!seen.has(first)) return { blocks: [], dispatched: [] };
  const hasDispatcher = calls === 'follow' || dispatched.size > 1;
  const order: number[] = [];
  for (const at of leaders) if (seen.has(at)) order.push(at);
  order.sort((a, b) => a - b);
  // Without a dispatcher the entry is block 0.
  const numbers = hasDispatcher ? numbered(order, 1) : numbered([first, ...order], 0);
  const blocks: FlowBlock[] = [];
  if (hasDispatcher) blocks.push(dispatcherBlock);
  const found: FoundCode = { numbers, seen, search };
  for (const start of numbers.keys()) blocks.push(formBlock(start, found));
  const targets: number[] = [];
  if (hasDispatcher) {
    for (const at of dispatched) {
      const number = numbers.get(at);
      if (number !== undefined) targets.push(number);
    }
  }
  return { blocks, dispatched: targets };
}

/** Numbers places in their order, each once. */
function numbered(places: readonly number[], from: number): Map<number, number> {
  const numbers = new Map<number, number>();
  for (const at of places) if (!numbers.has(at)) numbers.set(at, numbers.size + from);
  return numbers;
}

/** What was found. */
interface FoundCode {
  readonly numbers: ReadonlyMap<number, number>;
  readonly seen: ReadonlyMap<number, RegionInstruction>;
  readonly search: BlockSearch;
}

function formBlock(start: number, { numbers, seen, search }: FoundCode): FlowBlock {
  const instructions: RegionInstruction[] = [];
  let at = start;
  let flow: Flow | undefined;
  for (let instruction = seen.get(at); instruction; instruction = seen.get(at)) {
    instructions.push(instruction);
    at = behind(instruction);
    // Nothing that stops a region was seen to belong to it.
    flow = instruction.flow === 'stop' ? undefined : instruction.flow;
    if (flow || (at & 0xfff) === 0 || numbers.has(at)) break;
  }
  const comesBack = flow !== undefined && nests(flow, at, search) && numbers.has(at);
  const fallsThrough = flow ? flow.fallsThrough || comesBack : true;
  return {
    instructions,
    start,
    end: at,
    indirect: flow?.indirect ?? false,
    calls: comesBack,
    taken: flow?.target === undefined ? undefined : numbers.get(flow.target),
    next: fallsThrough ? numbers.get(at) : undefined,
  };
}
