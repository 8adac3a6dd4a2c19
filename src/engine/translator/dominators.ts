// Order and dominators of a control-flow graph, by block number.

/** Lists of block numbers, by block number. */
export type Edges = readonly (readonly number[])[];

/** The blocks that are reached. */
export function reversePostorder(successors: Edges): number[] {
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

export function positionsOf(order: readonly number[], blocks: number): Int32Array {
  const position = new Int32Array(blocks).fill(-1);
  for (let i = 0; i < order.length; i++) position[order[i] ?? 0] = i;
  return position;
}

export function predecessorsOf(successors: Edges, position: Int32Array): Edges {
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
export function immediateDominators(order: readonly number[], position: Int32Array, predecessors: Edges): Int32Array {
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

/** Children in the dominator tree, by block number. */
export function dominatorTree(order: readonly number[], dominator: Int32Array): Edges {
  const children: number[][] = [];
  for (let i = 0; i < dominator.length; i++) children.push([]);
  for (const block of order) if (block !== 0) children[dominator[block] ?? 0]?.push(block);
  return children;
}
