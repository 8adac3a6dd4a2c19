// What a region is planned from: the way that control took, as far as a region can reach.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decoderOf } from '../../isa/decode.ts';
import { codeKey } from '../code-key.ts';
import { CodeMemory } from '../code-memory.ts';
import type { StraightRun } from './region-place.ts';
import { RegionPlanner } from './region-planner.ts';
import { defaultTuning } from './translator-tuning.ts';

const key = codeKey({ realPage: 0, restricted: false, littleEndian: false });
/** addi r3,r3,1 */
const word = 0x38630001;

function planOf(runs: readonly StraightRun[]) {
  const buffer = new ArrayBuffer(0x4000);
  const view = new DataView(buffer);
  for (let at = 0; at < 0x1000; at += 4) view.setUint32(at, word);
  const decode = decoderOf('3.0');
  const planner = new RegionPlanner(new CodeMemory(buffer, 0), () => decode, defaultTuning);
  const pages = new Map([[0, { key, records: 0x1000 }]]);
  return planner.plan({ key, offset: 0x340, records: 0x1000, around: { runs, pages }, before: undefined }, new Set());
}

/** Places of a region's instructions in their order, and those of them that follow a call; from code at 0x340. */
function placesOf(words: readonly number[], known: readonly number[] = []) {
  const buffer = new ArrayBuffer(0x4000);
  const view = new DataView(buffer);
  words.forEach((each, i) => {
    view.setUint32(0x340 + 4 * i, each);
  });
  const decode = decoderOf('3.0');
  const tuning = { ...defaultTuning, onlyExecuted: false };
  const planner = new RegionPlanner(new CodeMemory(buffer, 0), () => decode, tuning);
  const place = { key, offset: 0x340, records: 0x1000, around: undefined, before: undefined };
  const plan = planner.plan(place, new Set(known));
  const blocks = plan?.found.blocks ?? [];
  return {
    places: blocks.flatMap(({ instructions }) => instructions.map(({ at }) => at)).sort((a, b) => a - b),
    behindCalls: blocks.flatMap(({ calls, next }) => (calls ? [blocks[next ?? -1]?.start] : [])),
    entries: plan?.found.dispatched.map((block) => blocks[block]?.start) ?? [],
  };
}

const blr = 0x4e800020;
const callAway = 0x48000801;
const callNext = 0x48000005;
/** bc 16,0,−4: while CTR is not 0. */
const branchBack = 0x4200fffc;

test('a region waits for its calls, and can be entered behind them', () => {
  const { places, behindCalls, entries } = placesOf([word, callAway, word, callAway, word, blr]);
  assert.deepEqual(places, [0x340, 0x344, 0x348, 0x34c, 0x350, 0x354]);
  assert.deepEqual(behindCalls, [0x348, 0x350]);
  assert.deepEqual(entries, [0x340, 0x348, 0x350]);
});

test('a branch to the next instruction that notes its address is no call', () => {
  const { places, behindCalls, entries } = placesOf([word, callNext, callNext, callNext, word, blr]);
  assert.deepEqual(places, [0x340, 0x344, 0x348, 0x34c, 0x350, 0x354]);
  assert.deepEqual(behindCalls, []);
  assert.deepEqual(entries, []);
});

test('a region ends where another one begins, but for its loop; it can be entered where it branches to', () => {
  // bc 12,2,+12
  const branchOver = 0x4182000c;
  const words = [word, branchOver, word, word, word, word, blr];
  assert.deepEqual(placesOf(words).entries, [0x340, 0x350]);
  assert.deepEqual(placesOf(words, [0x354]).places, [0x340, 0x344, 0x348, 0x34c, 0x350]);
  assert.deepEqual(placesOf(words, [0x340, 0x350]).places, [0x340, 0x344, 0x348, 0x34c]);
  assert.deepEqual(placesOf([word, word, branchBack, blr], [0x340]).places, [0x340, 0x344, 0x348, 0x34c]);
  assert.deepEqual(placesOf([word, word, word, branchBack, blr], [0x348]).places, [0x340, 0x344]);
});

test('what a store conditional repeats is no loop', () => {
  // lwarx r4,0,r3; stwcx. r4,0,r3; bc 4,2,−8
  const retry = [0x7c801828, 0x7c80192d, 0x4082fff8];
  const { places, behindCalls } = placesOf([...retry, callAway, word, blr]);
  assert.deepEqual(places, [0x340, 0x344, 0x348, 0x34c, 0x350, 0x354]);
  assert.deepEqual(behindCalls, [0x350]);
});

test('a region with a loop of its own leaves at calls; one that goes round by way of a call does not', () => {
  assert.deepEqual(placesOf([word, branchBack, callAway, word, blr]).places, [0x340, 0x344, 0x348]);
  const round = placesOf([word, callAway, branchBack - 4, word, blr]);
  assert.deepEqual(round.places, [0x340, 0x344, 0x348, 0x34c, 0x350]);
  assert.deepEqual(round.behindCalls, [0x348]);
});

test('a region has the straight runs that control took in its page', () => {
  const plan = planOf([
    { at: 0x340, instructions: 3 },
    { at: 0x800, instructions: 2 },
  ]);
  const instructions = plan?.found.blocks.flatMap((block) => block.instructions.map(({ at }) => at));
  assert.deepEqual(instructions?.slice(0, 3), [0x340, 0x344, 0x348]);
  assert.ok(instructions?.includes(0x804));
});

test('a run that another one goes on from is no entry, whatever ends it', () => {
  const plan = planOf([
    { at: 0x340, instructions: 3 },
    { at: 0x34c, instructions: 2 },
    { at: 0x800, instructions: 2 },
  ]);
  const entries = plan?.found.dispatched.map((block) => plan.found.blocks[block]?.start);
  assert.deepEqual(entries, [0x340, 0x800]);
});

test('runs at the other end of the address space are no part of a region', () => {
  // 0x340 is followed by code 2^62 bytes away, where a number has no room for the low bits of an address.
  for (const far of [-(2 ** 62), 2 ** 62, 2 ** 32 + 0x100, -(2 ** 32)]) {
    const plan = planOf([
      { at: 0x340, instructions: 3 },
      { at: far, instructions: 2 },
    ]);
    for (const { start, end, instructions } of plan?.found.blocks ?? []) {
      assert.ok(Math.abs(start) < 4096 && end - start === 4 * instructions.length, `${far}: a block at ${start}`);
    }
  }
});
