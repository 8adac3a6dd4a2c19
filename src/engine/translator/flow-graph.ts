// The control flow of a region: basic blocks, their order, dominators, loops.

/** An instruction of a region. */
export interface RegionInstruction {
  /** Byte offset in the 4 KiB page. */
  readonly offset: number;
  readonly word: number;
}

/** How an instruction ends a block. */
export interface Flow {
  /** Byte offset in the page of a relative branch's target that may be followed inside the region, else undefined. */
  readonly target: number | undefined;
  /** Control may go on with the next instruction. */
  readonly fallsThrough: boolean;
}

/** A basic block; edges are block numbers. */
export interface FlowBlock {
  readonly instructions: readonly RegionInstruction[];
  readonly start: number;
  /** Byte offset behind the last instruction. */
  readonly end: number;
  /** Followed branch target, and the next block when control falls through; undefined where control leaves the region. */
  taken: number | undefined;
  next: number | undefined;
}

/** What the translator asks about the code of a page. */
export interface CodeReader {
  /** The word at a byte offset of the page. */
  word(offset: number): number;
  /** How the instruction ends a block; undefined when it does not. `stop` when the region must end before it. */
  flow(word: number, offset: number): Flow | 'stop' | undefined;
}

/** Finds the blocks that are reachable from `start` inside the page, at most `limit` instructions; none when it must stop there. */
export function findBlocks(code: CodeReader, start: number, limit: number): FlowBlock[] {
  const leaders = new Set([start]);
  const seen = new Map<number, Flow | undefined>();
  const work = [start];
  while (work.length > 0 && seen.size < limit) {
    let offset = work.shift() ?? 0;
    while (offset < 4096 && !seen.has(offset) && seen.size < limit) {
      const flow = code.flow(code.word(offset), offset);
      if (flow === 'stop') break;
      seen.set(offset, flow);
      if (flow) {
        if (flow.target !== undefined) {
          leaders.add(flow.target);
          work.push(flow.target);
        }
        if (!flow.fallsThrough) break;
        leaders.add(offset + 4);
      }
      offset += 4;
    }
  }
  return seen.has(start) ? formBlocks(code, start, leaders, seen) : [];
}

function formBlocks(
  code: CodeReader,
  start: number,
  leaders: ReadonlySet<number>,
  seen: ReadonlyMap<number, Flow | undefined>,
): FlowBlock[] {
  const starts = [...leaders].filter((offset) => seen.has(offset)).sort((a, b) => a - b);
  // The entry is block 0.
  const order = [start, ...starts.filter((offset) => offset !== start)];
  const number = new Map(order.map((offset, i) => [offset, i]));
  return order.map((first) => {
    const instructions: RegionInstruction[] = [];
    let offset = first;
    let flow: Flow | undefined;
    do {
      instructions.push({ offset, word: code.word(offset) });
      flow = seen.get(offset);
      offset += 4;
    } while (!flow && seen.has(offset) && !leaders.has(offset));
    const fallsThrough = flow ? flow.fallsThrough : true;
    return {
      instructions,
      start: first,
      end: offset,
      taken: flow?.target === undefined ? undefined : number.get(flow.target),
      next: fallsThrough ? number.get(offset) : undefined,
    };
  });
}

/** A graph made ready for structured code. */
export interface StructuredGraph {
  readonly blocks: readonly FlowBlock[];
  /** Reverse postorder position by block number; −1 for blocks that are not reached. */
  readonly position: readonly number[];
  /** Children in the dominator tree. */
  readonly children: readonly (readonly number[])[];
  /** Blocks that a backward branch goes to. */
  readonly isLoop: readonly boolean[];
  /** Blocks that need a label: branch targets, and those with several forward predecessors. */
  readonly isMerge: readonly boolean[];
}

function reversePostorder(blocks: readonly FlowBlock[]): number[] {
  const order: number[] = [];
  const state = new Uint8Array(blocks.length);
  // An explicit stack: regions may be long chains of blocks.
  const stack: [number, number][] = [[0, 0]];
  state[0] = 1;
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const block = blocks[top[0]];
    const successor = top[1] === 0 ? block?.taken : top[1] === 1 ? block?.next : undefined;
    if (top[1] === 2) {
      order.push(top[0]);
      stack.pop();
      continue;
    }
    top[1]++;
    if (successor !== undefined && state[successor] === 0) {
      state[successor] = 1;
      stack.push([successor, 0]);
    }
  }
  return order.reverse();
}

function predecessorsOf(blocks: readonly FlowBlock[], position: readonly number[]): number[][] {
  const lists: number[][] = blocks.map(() => []);
  blocks.forEach((block, i) => {
    if ((position[i] ?? -1) < 0) return;
    for (const successor of [block.taken, block.next]) if (successor !== undefined) lists[successor]?.push(i);
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

/**
 * Orders a graph for structured code. Edges that would make it irreducible (into the middle of a loop) are cut: control
 * leaves the region there.
 */
export function structure(blocks: readonly FlowBlock[]): StructuredGraph {
  for (;;) {
    const order = reversePostorder(blocks);
    const position: number[] = blocks.map(() => -1);
    order.forEach((block, i) => {
      position[block] = i;
    });
    const predecessors = predecessorsOf(blocks, position);
    const dominator = immediateDominators(order, position, predecessors);
    const at = (block: number) => position[block] ?? -1;
    const dominates = (a: number, b: number) => {
      let x = b;
      while (at(x) > at(a)) x = dominator[x] ?? 0;
      return x === a;
    };
    let cut = false;
    for (const i of order) {
      const block = blocks[i];
      if (!block) continue;
      const irreducible = (to: number | undefined) => to !== undefined && at(to) <= at(i) && !dominates(to, i);
      if (irreducible(block.taken)) {
        block.taken = undefined;
        cut = true;
      }
      if (irreducible(block.next)) {
        block.next = undefined;
        cut = true;
      }
    }
    if (cut) continue;
    const children: number[][] = blocks.map(() => []);
    for (const block of order) if (block !== 0) children[dominator[block] ?? 0]?.push(block);
    const isLoop = blocks.map((_, i) => (predecessors[i] ?? []).some((p) => at(p) >= at(i)));
    const isMerge = blocks.map((_, i) => {
      const forward = (predecessors[i] ?? []).filter((p) => at(p) < at(i));
      return forward.length > 1 || forward.some((p) => blocks[p]?.taken === i);
    });
    return { blocks, position, children, isLoop, isMerge };
  }
}
