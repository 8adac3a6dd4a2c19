// The control flow of a region made ready for structured code: what is a loop, what needs a label, which edges no structure can have.
import {
  dominatorTree,
  type Edges,
  immediateDominators,
  positionsOf,
  predecessorsOf,
  reversePostorder,
} from './dominators.ts';
import type { FlowBlock, FoundBlocks } from './flow-blocks.ts';

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
  /** Index in `dispatched` of a block, or of its copy; −1: none. */
  readonly dispatchedTo: (block: number) => number;
}

interface Edge {
  readonly from: number;
  readonly to: number;
}

/** More than a region can have. */
const mostBlocks = 65_536;

/** Edges that are cut, as numbers. */
class CutEdges {
  readonly #cut = new Set<number>();

  add(from: number, to: number): void {
    this.#cut.add(from * mostBlocks + to);
  }

  has(from: number, to: number): boolean {
    return this.#cut.size > 0 && this.#cut.has(from * mostBlocks + to);
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

/** Most instructions of a block that the dispatcher gets a copy of, and most copies in a region. */
const mostCopied = 32;
const mostCopies = 8;

/**
 * Where the dispatcher enters a loop elsewhere than other code does, one iteration would be a way through the dispatcher. Gives
 * the dispatcher a copy of one of the edge's blocks instead, which goes on in the loop; false when that can't be.
 */
function copyForDispatcher(blocks: FlowBlock[], dispatched: number[], from: number, to: number): boolean {
  const sizes = [from, to].map((block) => ({ block, size: blocks[block]?.instructions.length ?? 0 }));
  const [small] = sizes
    .filter(({ block, size }) => block !== 0 && dispatched.includes(block) && size <= mostCopied)
    .sort((a, b) => a.size - b.size);
  const original = small && blocks[small.block];
  if (!original) return false;
  dispatched[dispatched.indexOf(small.block)] = blocks.length;
  blocks.push(original);
  return true;
}

/** Index of the dispatcher's target for a block: itself, or the copy that the dispatcher has of it; −1: there is none. */
function dispatchedTo(blocks: readonly FlowBlock[], dispatched: readonly number[], block: number): number {
  return dispatched.findIndex((target) => blocks[target] === blocks[block]);
}

/** Cuts the edges that go back to a block that does not dominate where they come from; gives those edges. */
function cutIrreducible(
  order: readonly number[],
  position: Int32Array,
  successors: Edges,
  dominator: Int32Array,
  cut: CutEdges,
): readonly Edge[] {
  const edges: Edge[] = [];
  for (const block of order) {
    for (const to of successors[block] ?? []) {
      const back = position[to] ?? -1;
      if (back > (position[block] ?? -1)) continue;
      let x = block;
      while ((position[x] ?? -1) > back) x = dominator[x] ?? 0;
      if (x === to) continue;
      cut.add(block, to);
      edges.push({ from: block, to });
    }
  }
  return edges;
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

/**
 * Orders a graph for structured code. Edges that would make it irreducible (into the middle of a loop) go by the
 * dispatcher; where there is none, control leaves the region there.
 */
export function structure({ blocks: found, dispatched: wanted }: FoundBlocks): StructuredGraph {
  const hasDispatcher = wanted.length > 0;
  const dispatched = [...new Set(wanted)];
  const blocks = [...found];
  let cut = new CutEdges();
  for (;;) {
    const successors = successorsOf(blocks, dispatched, cut);
    const order = reversePostorder(successors);
    const position = positionsOf(order, blocks.length);
    const predecessors = predecessorsOf(successors, position);
    const dominator = immediateDominators(order, position, predecessors);
    const edges = cutIrreducible(order, position, successors, dominator, cut);
    if (edges.length > 0) {
      const copies = blocks.length - found.length;
      if (copies < mostCopies && edges.some(({ from, to }) => copyForDispatcher(blocks, dispatched, from, to))) {
        cut = new CutEdges();
      } else if (hasDispatcher) {
        for (const { to } of edges) if (dispatchedTo(blocks, dispatched, to) < 0) dispatched.push(to);
      }
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
      dispatchedTo: (block) => dispatchedTo(blocks, dispatched, block),
    };
  }
}
