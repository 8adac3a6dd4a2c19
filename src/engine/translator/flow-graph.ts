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
  /** Unless control leaves at calls, what they come back to can be entered, too. */
  readonly calls: Calls;
}

/** The region waits for the call that ends a block to come back to `next`. */
function nests({ call, fallsThrough }: Flow, next: number, { calls }: BlockSearch): boolean {
  return call && !fallsThrough && calls === 'nest' && (next & 0xfff) !== 0;
}

/** True when control goes round in these blocks without waiting for calls. */
export function goesRoundAlone({ blocks }: FoundBlocks): boolean {
  const state = new Uint8Array(blocks.length);
  return blocks.some((_, root) => {
    const stack: { readonly block: number; edge: number }[] = [{ block: root, edge: 0 }];
    if (state[root] !== 0) return false;
    state[root] = 1;
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const block = blocks[top.block];
      const successors = [block?.taken, block?.calls ? undefined : block?.next];
      if (top.edge === successors.length) {
        state[top.block] = 2;
        stack.pop();
        continue;
      }
      const successor = successors[top.edge++];
      if (successor === undefined) continue;
      if (state[successor] === 1) return true;
      if (state[successor] !== 0) continue;
      state[successor] = 1;
      stack.push({ block: successor, edge: 0 });
    }
    return false;
  });
}

/**
 * Finds the blocks that are reachable from the starts; none when the first can't be translated. Heads of loops can be entered:
 * control comes back to them after what had to be interpreted.
 */
export function findBlocks(code: CodeReader, search: BlockSearch): FoundBlocks {
  const { starts, limit, calls } = search;
  const [first = 0] = starts;
  const leaders = new Set<number>();
  const dispatched = new Set<number>();
  const seen = new Map<number, RegionInstruction>();
  const work: number[] = [];
  const lead = (at: number) => {
    leaders.add(at);
    work.push(at);
  };
  const walk = () => {
    for (let start = work.shift(); start !== undefined && seen.size < limit; start = work.shift()) {
      for (let at = start, next = at; !seen.has(at) && seen.size < limit; at = next) {
        if (at !== start && (at & 0xfff) === 0) {
          if (code.follows(at)) lead(at);
          break;
        }
        const instruction = code.instruction(at);
        next = behind(instruction);
        const { flow } = instruction;
        if (flow === 'stop') break;
        seen.set(at, instruction);
        if (!flow) continue;
        const { target, fallsThrough, call } = flow;
        if (target !== undefined && code.follows(target)) {
          lead(target);
          if (target <= at && !call) dispatched.add(target);
        }
        // A call that was made comes back, if it has not yet.
        if (nests(flow, next, search) || (call && calls === 'follow' && code.follows(next))) {
          dispatched.add(next);
          lead(next);
        }
        if (!fallsThrough || !code.follows(next)) break;
        leaders.add(next);
      }
    }
  };
  for (const start of starts) {
    lead(start);
    dispatched.add(start);
    walk();
  }
  if (!seen.has(first)) return { blocks: [], dispatched: [] };
  const dispatcher = calls === 'follow' || dispatched.size > 1;
  const order = [...leaders].filter((at) => seen.has(at)).sort((a, b) => a - b);
  // Without a dispatcher the entry is block 0.
  const numbers = new Map(
    dispatcher
      ? order.map((at, i) => [at, i + 1])
      : [first, ...order.filter((at) => at !== first)].map((at, i) => [at, i]),
  );
  const blocks = [...numbers.keys()].map((start) => formBlock(start, { numbers, seen, search }));
  if (!dispatcher) return { blocks, dispatched: [] };
  const known = (at: number) => numbers.get(at);
  return {
    blocks: [
      { instructions: [], start: 0, end: 0, indirect: false, calls: false, taken: undefined, next: undefined },
      ...blocks,
    ],
    dispatched: [...dispatched].map(known).filter((number) => number !== undefined),
  };
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
  readonly position: readonly number[];
  /** Children in the dominator tree. */
  readonly children: readonly (readonly number[])[];
  /** Blocks that a backward branch goes to. */
  readonly isLoop: readonly boolean[];
  /** Blocks that need a label: branch targets, and those with several forward predecessors. */
  readonly isMerge: readonly boolean[];
  /** Head of the outermost loop that a block is in, the dispatcher's left out; −1: none. */
  readonly outermostLoop: readonly number[];
  /** True for an edge that would enter a loop in its middle: it goes by the dispatcher, or leaves the region. */
  readonly isCut: (from: number, to: number) => boolean;
}

/** Successors by block number, without the edges that are cut. */
type Successors = readonly (readonly number[])[];

function reversePostorder(successors: Successors): number[] {
  const order: number[] = [];
  const reached = new Uint8Array(successors.length);
  // An explicit stack: regions may be long chains of blocks.
  const stack: { readonly block: number; edge: number }[] = [{ block: 0, edge: 0 }];
  reached[0] = 1;
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const successor = successors[top.block]?.[top.edge++];
    if (successor === undefined) {
      order.push(top.block);
      stack.pop();
    } else if (reached[successor] === 0) {
      reached[successor] = 1;
      stack.push({ block: successor, edge: 0 });
    }
  }
  return order.reverse();
}

function predecessorsOf(successors: Successors, position: readonly number[]): number[][] {
  const lists: number[][] = successors.map(() => []);
  successors.forEach((list, i) => {
    if ((position[i] ?? -1) >= 0) for (const successor of list) lists[successor]?.push(i);
  });
  return lists;
}

/** Immediate dominators by block number (Cooper, Harvey and Kennedy's iteration). */
function immediateDominators(
  order: readonly number[],
  position: readonly number[],
  predecessors: readonly (readonly number[])[],
): number[] {
  const dominator: number[] = position.map(() => -1);
  dominator[0] = 0;
  const at = (block: number) => position[block] ?? -1;
  const meet = (a: number, b: number) => {
    let [x, y] = [a, b];
    while (x !== y) {
      while (at(x) > at(y)) x = dominator[x] ?? 0;
      while (at(y) > at(x)) y = dominator[y] ?? 0;
    }
    return x;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      if (block === 0) continue;
      let best = -1;
      for (const p of predecessors[block] ?? []) {
        if ((dominator[p] ?? -1) >= 0) best = best < 0 ? p : meet(p, best);
      }
      if (best >= 0 && dominator[block] !== best) {
        dominator[block] = best;
        changed = true;
      }
    }
  }
  return dominator;
}

/** Head of the outermost loop of each block; the dispatcher's loop is none. */
function outermostLoops(
  order: readonly number[],
  position: readonly number[],
  predecessors: readonly (readonly number[])[],
  hasDispatcher: boolean,
): number[] {
  const outermost: number[] = position.map(() => -1);
  const at = (block: number) => position[block] ?? -1;
  for (const head of order) {
    if (hasDispatcher && head === 0) continue;
    const work = (predecessors[head] ?? []).filter((p) => at(p) >= at(head));
    if (work.length === 0 || outermost[head] !== -1) continue;
    outermost[head] = head;
    for (let block = work.pop(); block !== undefined; block = work.pop()) {
      if (outermost[block] === head) continue;
      outermost[block] = head;
      work.push(...(predecessors[block] ?? []));
    }
  }
  return outermost;
}

/**
 * Orders a graph for structured code. Edges that would make it irreducible (into the middle of a loop) go by the
 * dispatcher; where there is none, control leaves the region there.
 */
export function structure({ blocks, dispatched: wanted }: FoundBlocks): StructuredGraph {
  const hasDispatcher = wanted.length > 0;
  const dispatched = [...new Set(wanted)];
  const cut = new Set<number>();
  const edge = (from: number, to: number) => from * blocks.length + to;
  const isCut = (from: number, to: number) => cut.has(edge(from, to));
  for (;;) {
    const successors: Successors = blocks.map((block, i) => {
      if (hasDispatcher && i === 0) return dispatched;
      const list = [block.taken, block.next].filter((to) => to !== undefined && !isCut(i, to));
      const dispatches = block.indirect || (block.taken !== undefined && isCut(i, block.taken));
      const dispatchesNext = block.next !== undefined && isCut(i, block.next);
      // `filter` does not narrow the element type.
      const known = list as number[];
      return hasDispatcher && (dispatches || dispatchesNext) ? [...known, 0] : known;
    });
    const order = reversePostorder(successors);
    const position: number[] = blocks.map(() => -1);
    order.forEach((block, i) => {
      position[block] = i;
    });
    const predecessors = predecessorsOf(successors, position);
    const dominator = immediateDominators(order, position, predecessors);
    const at = (block: number) => position[block] ?? -1;
    const dominates = (a: number, b: number) => {
      let x = b;
      while (at(x) > at(a)) x = dominator[x] ?? 0;
      return x === a;
    };
    const before = cut.size;
    for (const i of order) {
      for (const to of successors[i] ?? []) {
        if (at(to) > at(i) || dominates(to, i)) continue;
        cut.add(edge(i, to));
        if (hasDispatcher && !dispatched.includes(to)) dispatched.push(to);
      }
    }
    if (cut.size > before) continue;
    const children: number[][] = blocks.map(() => []);
    for (const block of order) if (block !== 0) children[dominator[block] ?? 0]?.push(block);
    const isLoop = blocks.map((_, i) => (predecessors[i] ?? []).some((p) => at(p) >= at(i)));
    const isMerge = blocks.map((_, i) => {
      const forward = (predecessors[i] ?? []).filter((p) => at(p) < at(i));
      return (
        forward.length > 1 || forward.some((p) => blocks[p]?.taken === i) || (hasDispatcher && forward.includes(0))
      );
    });
    const outermostLoop = outermostLoops(order, position, predecessors, hasDispatcher);
    return { blocks, dispatched, position, children, isLoop, isMerge, outermostLoop, isCut };
  }
}
