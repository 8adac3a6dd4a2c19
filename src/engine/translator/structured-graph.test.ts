// Which edges no structured code can have, and when the dispatcher gets copies of blocks instead.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowBlock } from './flow-blocks.ts';
import { structure } from './structured-graph.ts';

/** A block of no instructions; places tell blocks from each other. */
const block = (start: number, taken: number | undefined, next: number | undefined): FlowBlock => ({
  instructions: [],
  start,
  end: start + 4,
  indirect: false,
  calls: false,
  taken,
  next,
});
const dispatcher = block(0, undefined, undefined);

/** Edges between the blocks of a graph that are cut. */
function cutsOf({ blocks, isCut, position }: ReturnType<typeof structure>): readonly [number, number][] {
  return blocks.flatMap(({ taken, next }, from) =>
    (position[from] ?? -1) < 0
      ? []
      : [taken, next].flatMap((to): [number, number][] => (to !== undefined && isCut(from, to) ? [[from, to]] : [])),
  );
}

test('a loop that the dispatcher enters elsewhere than other code: the dispatcher gets a copy of the block', () => {
  // 1 goes to 3; 2 goes on to 3, which goes back to 2: the loop's head is 3, and the dispatcher enters 2, too.
  const blocks = [dispatcher, block(0x10, 3, undefined), block(0x20, undefined, 3), block(0x30, 2, undefined)];
  const graph = structure({ blocks, dispatched: [1, 2] });
  assert.deepEqual(cutsOf(graph), []);
  assert.equal(graph.blocks.length, 5);
  assert.deepEqual(graph.dispatched, [1, 4]);
  assert.equal(graph.blocks[4], blocks[2]);
  assert.equal(graph.isLoop[3], true);
  assert.equal(graph.dispatchedTo(2), 1);
});

test('a loop that is entered in two places without the dispatcher: an edge goes by it', () => {
  const blocks = [dispatcher, block(0x10, 3, 2), block(0x20, undefined, 3), block(0x30, 2, undefined)];
  const graph = structure({ blocks, dispatched: [1] });
  assert.equal(graph.blocks.length, 4);
  const [[, to] = [0, 0], ...others] = cutsOf(graph);
  assert.deepEqual(others, []);
  assert.ok(graph.dispatched.includes(to));
});

test('the dispatcher has one target for each place', () => {
  // Three blocks that all go to each other, and can all be entered.
  const blocks = [dispatcher, block(0x10, 3, 2), block(0x20, 1, 3), block(0x30, 2, 1)];
  const { dispatched, blocks: made } = structure({ blocks, dispatched: [1, 2, 3] });
  const places = dispatched.map((target) => made[target]?.start);
  assert.deepEqual([...new Set(places)], places);
  assert.deepEqual([...places].sort(), [0x10, 0x20, 0x30]);
});
