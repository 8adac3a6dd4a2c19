// A guest that runs fresh code without end: what the translator and the store of decoded code hold stays bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eagerTuning, TwinCpu } from './twin-cpu.ts';

const main = 0x2000;
const area = 0x10_0000;

/** Writes and runs a small function at 256-byte steps through `megabytes` of RAM, `laps` times over. */
function freshCode(bytes: number, step: number, laps: number): string {
  return `
       li 5, 0
       li 7, ${laps}
again: lis 21, ${area >>> 16}
       lis 6, ${(bytes / step) >>> 16}
       ori 6, 6, ${(bytes / step) & 0xffff}
more:  lis 20, 0x38a5
       rlwinm 8, 7, 0, 20, 31
       or 20, 20, 8
       stw 20, 0(21)
       lis 20, 0x4e80
       ori 20, 20, 0x20
       stw 20, 4(21)
       dcbst 0, 21
       sync
       icbi 0, 21
       sync
       isync
       mtctr 21
       bctrl
       addi 21, 21, ${step}
       addi 6, 6, -1
       cmpdi 6, 0
       bne more
       addi 7, 7, -1
       cmpdi 7, 0
       bne again
       sc 1`;
}

test('regions, table entries and remembered places stay within the maximum', () => {
  const maximumRegions = 100;
  const cpu = new TwinCpu({ ...eagerTuning, batch: 4, maximumRegions });
  let most = 0;
  const { translator } = cpu;
  for (let lap = 0; lap < 8; lap++) {
    cpu.place(main, freshCode(0x2_0000, 256, 1));
    cpu.run(main, 5);
    most = Math.max(most, translator.census().regions);
  }
  const { regions, table, places } = translator.census();
  const done = cpu.statistics();
  assert.ok(done.regions > 5 * maximumRegions, `${done.regions} regions in all`);
  assert.ok(most <= maximumRegions && regions <= maximumRegions, `${most} regions at once`);
  assert.equal(table, 4096);
  assert.ok(places <= 2 * 65_536 + 4);
});

test('table entries of dropped regions are used again when no maximum is reached', () => {
  const cpu = new TwinCpu({ ...eagerTuning, batch: 16 });
  for (let lap = 1; lap <= 12; lap++) {
    cpu.place(main, freshCode(0x2_0000, 256, 1));
    cpu.run(main, 5);
  }
  const { regions } = cpu.statistics();
  assert.ok(regions > 4096, `${regions} regions in all`);
  assert.equal(cpu.translator.census().table, 4096);
});

test('modules whose regions are all dropped are collected', async () => {
  setFlagsFromString('--expose-gc');
  // The collector's function exists in contexts that are made after the flag was set.
  const collect = runInNewContext('gc') as () => void;
  const instances: WeakRef<object>[] = [];
  const { Instance } = WebAssembly;
  const Watched = class extends Instance {
    constructor(...args: ConstructorParameters<typeof Instance>) {
      super(...args);
      instances.push(new WeakRef(this));
    }
  };
  WebAssembly.Instance = Watched;
  try {
    const cpu = new TwinCpu({ ...eagerTuning, maximumRegions: 50 });
    const own = instances.length;
    cpu.place(main, freshCode(0x1_0000, 256, 2));
    cpu.run(main, 5);
    const made = instances.length - own;
    assert.ok(made > 200, `${made} modules`);
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    const alive = instances.slice(own).filter((reference) => reference.deref() !== undefined).length;
    assert.ok(alive <= 60, `${alive} of ${made} modules are still held`);
  } finally {
    WebAssembly.Instance = Instance;
  }
});

test('decoded code of more pages than there is room for is dropped and decoded anew', () => {
  const cpu = new TwinCpu({ ...eagerTuning, threshold: 4 }, 0x200_0000);
  cpu.place(main, freshCode(0x180_0000, 4096, 2));
  cpu.run(main, 1000, 200_000);
  assert.equal(cpu.gpr(5), BigInt(0x1800 * 3));
});
