// What becomes of a translation that another thread makes while the guest goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regionParameters } from '../region-interface.ts';
import { Bytes, ModuleWriter } from '../wasm/writer.ts';
import type { TranslationOrder } from './batch-compiler.ts';
import { cover } from './covered-code.ts';
import type { RegionStart } from './region-place.ts';
import { type CompiledBatch, Translator } from './translator.ts';
import { defaultTuning } from './translator-tuning.ts';

const key = 5;

/** A region that returns 0 at once, for each index. */
function moduleOf(count: number): WebAssembly.Module {
  const module = new ModuleWriter();
  for (let i = 0; i < count; i++) {
    const body = new Bytes();
    body.bytes([0x41, 0, 0x0b]);
    module.exportFunction(`${i}`, module.addFunction({ params: regionParameters, results: ['i32'] }, [], body));
  }
  return new WebAssembly.Module(module.finish());
}

/** Each place becomes a region of its word and the next one. */
function compiled({ places, indices }: TranslationOrder): CompiledBatch {
  const regions = places.map(({ offset }, place) => {
    const covers = new Map<number, Int32Array>();
    cover(covers, key, offset);
    cover(covers, key, offset + 4);
    return { place, starts: [{ key, offset, index: indices[place] ?? -1, entry: 0 }], covers, instructions: 2 };
  });
  return { regions, usedIndices: places.length, module: moduleOf(places.length), moduleBytes: 1 };
}

/** A translator whose thread is done when `answer` is called. */
function slowTranslator() {
  const installed = new Map<number, RegionStart>();
  const orders: TranslationOrder[] = [];
  const watches: number[] = [];
  let answer: CompiledBatch | undefined;
  const translator = new Translator({
    store: {
      install: (start) => void installed.set(start.offset, start),
      uninstall: (start) => void installed.delete(start.offset),
      watch: (watched) => void watches.push(watched),
      knownRecords: () => 0x1000,
    },
    tuning: { ...defaultTuning, threshold: 1, batch: 2 },
    compiler: {
      submit: (order) => void orders.push(order),
      take: () => {
        const taken = answer;
        answer = undefined;
        return taken;
      },
    },
    imports: {},
    problemEdition: () => '3.0',
    newTable: () => new WebAssembly.Table({ element: 'anyfunc', initial: 64 }),
    regionGone: () => {},
  });
  return {
    translator,
    orders,
    watches,
    sample: (...offsets: readonly number[]) => {
      for (const offset of offsets) translator.sample({ key, offset });
    },
    answer: () => {
      const order = orders.at(-1);
      assert.ok(order);
      answer = compiled(order);
      translator.tick();
    },
    installed: () => [...installed.keys()].sort((a, b) => a - b),
  };
}

test('regions are put in place when the thread is done, and one order is under way at a time', () => {
  const { orders, sample, answer, installed } = slowTranslator();
  sample(0x10, 0x20, 0x30, 0x40);
  assert.equal(orders.length, 1);
  assert.deepEqual(installed(), []);
  answer();
  assert.deepEqual(installed(), [0x10, 0x20]);
  assert.equal(orders.length, 2);
  answer();
  assert.deepEqual(installed(), [0x10, 0x20, 0x30, 0x40]);
});

test('an order has no more places than a batch; the others go on waiting', () => {
  const { translator, orders, answer, installed } = slowTranslator();
  for (const offset of [0x10, 0x20, 0x30, 0x40, 0x50]) translator.request({ key, offset });
  translator.tick();
  answer();
  answer();
  assert.deepEqual(
    orders.map(({ places }) => places.map(({ offset }) => offset)),
    [
      [0x10, 0x20],
      [0x30, 0x40],
    ],
  );
  for (let slice = 0; slice < defaultTuning.longestWait; slice++) translator.tick();
  answer();
  assert.deepEqual(installed(), [0x10, 0x20, 0x30, 0x40, 0x50]);
});

test('a place that is under way is not ordered again', () => {
  const { orders, sample, answer } = slowTranslator();
  sample(0x10, 0x20, 0x10, 0x20, 0x30);
  answer();
  assert.deepEqual(
    orders.map(({ places }) => places.map(({ offset }) => offset)),
    [[0x10, 0x20]],
  );
});

test('a region whose code has changed meanwhile is not put in place, others are', () => {
  const { translator, sample, answer, installed } = slowTranslator();
  sample(0x10, 0x20);
  translator.written(key, 0x26, 0x26);
  translator.written(key, 0x18, 0x1b);
  translator.written(key + 1, 0x10, 0x13);
  answer();
  assert.deepEqual(installed(), [0x10]);
});

test('nothing is put in place after all code was dropped, and the table has no two regions at an index', () => {
  const { translator, orders, sample, answer, installed } = slowTranslator();
  sample(0x10, 0x20);
  translator.dropAll();
  answer();
  assert.deepEqual(installed(), []);
  sample(0x30, 0x40);
  answer();
  assert.deepEqual(installed(), [0x30, 0x40]);
  const indices = orders.at(-1)?.indices ?? [];
  assert.equal(new Set(indices).size, indices.length);
});

test('after many stores into code that is under way nothing of it is used', () => {
  const { translator, sample, answer, installed } = slowTranslator();
  sample(0x10, 0x20);
  for (let i = 0; i < 1000; i++) translator.written(key, 0x800, 0x803);
  answer();
  assert.deepEqual(installed(), []);
});

test('stores to all pages of an order are noticed from then on', () => {
  const { translator, watches, sample } = slowTranslator();
  const pages = new Map([
    [0, { key, records: 0x1000 }],
    [3, { key: key + 12, records: 0x9000 }],
  ]);
  translator.join({ key, offset: 0x40 }, { runs: [], pages });
  sample(0x10);
  assert.deepEqual(watches.sort(), [key + 12, key].sort());
});
