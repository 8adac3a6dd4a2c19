// The control flow of a region: basic blocks, their order, dominators, loops.
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

/** A graph made ready for structured code. */
export interface StructuredGraph {
  readonly blocks: readonly FlowBlock[];
  /** Where the dispatcher, block 0, goes to; empty: there is none. */
  readonly dispatched: readonly number[];
  /** Reverse postorder position by block number; −1 for blocks that are not reached. */
  readonly position: ArrayLike<number>;
  /** Children in the dominator tree. */
  readonly children: readonly (readonly number[])[];
  /** Blocks that a backward branch goes to. */
  readonly isLoop: readonly boolean[];
  /** Blocks that need a label: branch targets, and those with several forward predecessors. */
  readonly isMerge: readonly boolean[];
  /** Head of the outermost loop that a block is in, the dispatcher's left out; −1: none. */
  readonly outermostLoop: ArrayLike<number>;
  /** True for an edge that would enter a loop in its middle: it goes by the dispatcher, or leaves the region. */
  readonly isCut: (from: number, to: number) => boolean;
}

/** Lists of block numbers, by block number. */
type Edges = readonly (readonly number[])[];

/** Edges that are cut, as numbers. */
class CutEdges {
  readonly #cut = new Set<number>();
  readonly #blocks: number;

  constructor(blocks: number) {
    this.#blocks = blocks;
  }

  get size(): number {
    return this.#cut.size;
  }

  add(from: number, to: number): void {
    this.#cut.add(from * this.#blocks + to);
  }

  has(from: number, to: number): boolean {
    return this.#cut.size > 0 && this.#cut.has(from * this.#blocks + to);
  }
}

/** Successors without the edges that are cut. */
function successorsOf(blocks: readonly FlowBlock[], dispatched: readonly number[], cut: CutEdges): Edges {
  const hasDispatcher = dispatched.length > 0;
  const lists: (readonly number[])[] = [];
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i];
    if (!block || (hasDispatcher && i === 0)) {
      lists.push(dispatched);
      continue;
    }
    const { taken, next } = block;
    const list: number[] = [];
    let dispatches = block.indirect;
    if (taken !== undefined) {
      if (cut.has(i, taken)) dispatches = true;
      else list.push(taken);
    }
    if (next !== undefined) {
      if (cut.has(i, next)) dispatches = true;
      else list.push(next);
    }
    if (hasDispatcher && dispatches) list.push(0);
    lists.push(list);
  }
  return lists;
}

/** The blocks that are reached. */
function reversePostorder(successors: Edges): number[] {
  const order: number[] = [];
  const reached = new Uint8Array(successors.length);
  // An explicit stack, of blocks and of how many of their successors were looked at: regions may be long chains of blocks.
  const stack = [0];
  const edges = [0];
  reached[0] = 1;
  while (stack.length > 0) {
    const top = stack.length - 1;
    const block = stack[top] ?? 0;
    const edge = edges[top] ?? 0;
    const successor = successors[block]?.[edge];
    edges[top] = edge + 1;
    if (successor === undefined) {
      order.push(block);
      stack.pop();
      edges.pop();
    } else if (reached[successor] === 0) {
      reached[successor] = 1;
      stack.push(successor);
      edges.push(0);
    }
  }
  return order.reverse();
}

function positionsOf(order: readonly number[], blocks: number): Int32Array {
  const position = new Int32Array(blocks).fill(-1);
  for (let i = 0; i < order.length; i++) position[order[i] ?? 0] = i;
  return position;
}

function predecessorsOf(successors: Edges, position: Int32Array): Edges {
  const lists: number[][] = [];
  for (let i = 0; i < successors.length; i++) lists.push([]);
  for (let i = 0; i < successors.length; i++) {
    if ((position[i] ?? -1) < 0) continue;
    for (const successor of successors[i] ?? []) lists[successor]?.push(i);
  }
  return lists;
}

/** The nearest block that dominates both. */
function commonDominator(dominator: Int32Array, position: Int32Array, a: number, b: number): number {
  let x = a;
  let y = b;
  while (x !== y) {
    if ((position[x] ?? -1) > (position[y] ?? -1)) x = dominator[x] ?? 0;
    else y = dominator[y] ?? 0;
  }
  return x;
}

/** Immediate dominators by block number (Cooper, Harvey and Kennedy's iteration). */
function immediateDominators(order: readonly number[], position: Int32Array, predecessors: Edges): Int32Array {
  const dominator = new Int32Array(position.length).fill(-1);
  dominator[0] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      if (block === 0) continue;
      let best = -1;
      for (const p of predecessors[block] ?? []) {
        if ((dominator[p] ?? -1) >= 0) best = best < 0 ? p : commonDominator(dominator, position, p, best);
      }
      if (best >= 0 && dominator[block] !== best) {
        dominator[block] = best;
        changed = true;
      }
    }
  }
  return dominator;
}

/** Cuts the edges that go back to a block that does not dominate where they come from; gives those blocks. */
function cutIrreducible(
  order: readonly number[],
  position: Int32Array,
  successors: Edges,
  dominator: Int32Array,
  cut: CutEdges,
): readonly number[] {
  const targets: number[] = [];
  for (const block of order) {
    for (const to of successors[block] ?? []) {
      const back = position[to] ?? -1;
      if (back > (position[block] ?? -1)) continue;
      let x = block;
      while ((position[x] ?? -1) > back) x = dominator[x] ?? 0;
      if (x === to) continue;
      cut.add(block, to);
      targets.push(to);
    }
  }
  return targets;
}

/** Head of the outermost loop of each block; the dispatcher's loop is none. */
function outermostLoops(
  order: readonly number[],
  position: Int32Array,
  predecessors: Edges,
  isLoop: readonly boolean[],
  hasDispatcher: boolean,
): Int32Array {
  const outermost = new Int32Array(position.length).fill(-1);
  for (const head of order) {
    if (!isLoop[head] || (hasDispatcher && head === 0) || outermost[head] !== -1) continue;
    outermost[head] = head;
    const work: number[] = [];
    for (const p of predecessors[head] ?? []) if ((position[p] ?? -1) >= (position[head] ?? -1)) work.push(p);
    for (let block = work.pop(); block !== undefined; block = work.pop()) {
      if (outermost[block] === head) continue;
      outermost[block] = head;
      for (const p of predecessors[block] ?? []) work.push(p);
    }
  }
  return outermost;
}

/** Which blocks are loops, and which are merges, as `StructuredGraph` has them. */
function labelledBlocks(
  blocks: readonly FlowBlock[],
  position: Int32Array,
  predecessors: Edges,
  hasDispatcher: boolean,
): Pick<StructuredGraph, 'isLoop' | 'isMerge'> {
  const isLoop: boolean[] = [];
  const isMerge: boolean[] = [];
  for (let i = 0; i < blocks.length; i++) {
    let backward = false;
    let forward = 0;
    let branched = false;
    for (const p of predecessors[i] ?? []) {
      if ((position[p] ?? -1) >= (position[i] ?? -1)) backward = true;
      else {
        forward++;
        if (blocks[p]?.taken === i || (hasDispatcher && p === 0)) branched = true;
      }
    }
    isLoop.push(backward);
    isMerge.push(branched || forward > 1);
  }
  return { isLoop, isMerge };
}

/** Children in the dominator tree, by block number. */
function dominatorTree(order: readonly number[], dominator: Int32Array): Edges {
  const children: number[][] = [];
  for (let i = 0; i < dominator.length; i++) children.push([]);
  for (const block of order) if (block !== 0) children[dominator[block] ?? 0]?.push(block);
  return children;
}

/**
 * Orders a graph for structured code. Edges that would make it irreducible (into the middle of a loop) go by the
 * dispatcher; where there is none, control leaves the region there.
 */
export function structure({ blocks, dispatched: wanted }: FoundBlocks): StructuredGraph {
  const hasDispatcher = wanted.length > 0;
  const dispatched = [...new Set(wanted)];
  const cut = new CutEdges(blocks.length);
  for (;;) {
    const successors = successorsOf(blocks, dispatched, cut);
    const order = reversePostorder(successors);
    const position = positionsOf(order, blocks.length);
    const predecessors = predecessorsOf(successors, position);
    const dominator = immediateDominators(order, position, predecessors);
    const targets = cutIrreducible(order, position, successors, dominator, cut);
    if (targets.length > 0) {
      if (hasDispatcher) for (const to of targets) if (!dispatched.includes(to)) dispatched.push(to);
      continue;
    }
    const { isLoop, isMerge } = labelledBlocks(blocks, position, predecessors, hasDispatcher);
    return {
      blocks,
      dispatched,
      position,
      children: dominatorTree(order, dominator),
      isLoop,
      isMerge,
      outermostLoop: outermostLoops(order, position, predecessors, isLoop, hasDispatcher),
      isCut: (from, to) => cut.has(from, to),
    };
  }
}
