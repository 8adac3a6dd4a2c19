// A guest that passes wild pointers to every hypercall and RTAS call of a whole machine: each returns, and the guest goes on until
// it is stopped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment, findProfile, isRefusal, provide } from '../../src/environment/index.ts';
import { engineFromEnvironment } from '../../src/host/engine-choice.ts';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { assemble } from '../../src/isa/assemble.ts';
import { createMachine } from '../../src/machine/machine.ts';
import { quietHost } from '../quiet-host.ts';

const engineImages = loadEngineImages();
const [tableAt, callBytes, calls] = [0x1_0000, 80, 4000];
const tableEnd = tableAt + calls * callBytes;
const [blocksAt, blockBytes, blocks] = [0x10_0000, 96, 500];
const imageBytes = blocksAt + blocks * blockBytes;
const ramBytes = 256 << 20;
const seeds = [1, 2, 3, 4, 5, 6];

/** Makes the calls of the table one after the other; the decrementer ends a call that sleeps. */
const source = `
        b next              # 0x100: entry, and where a system reset goes on
        .balign 0x100
        rfid                # 0x200: machine check
        .balign 0x100
next:   li r29, 0x40        # where the next call stands
        ld r31, 0(r29)
        lis r28, ${tableEnd >> 16}
        ori r28, r28, ${tableEnd & 0xffff}
        cmpld r31, r28
        bge over
        addi r27, r31, ${callBytes}
        std r27, 0(r29)
        li r27, 2000
        mtdec r27
        ld r3, 0(r31)
        ld r4, 8(r31)
        ld r5, 16(r31)
        ld r6, 24(r31)
        ld r7, 32(r31)
        ld r8, 40(r31)
        ld r9, 48(r31)
        ld r10, 56(r31)
        ld r11, 64(r31)
        ld r12, 72(r31)
        sc 1
        b next
over:   b over
`;

/** A repeatable generator (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Pointers into and around memory, high addresses, and small numbers; the guest's own code is left alone for the most part. */
function wild(next: () => number): bigint {
  const kind = next() % 8;
  if (kind < 2) return BigInt((8 << 20) + (next() % (ramBytes - (8 << 20))));
  if (kind === 2) return BigInt((8 << 20) + (next() % 0xf000) * 4096);
  if (kind === 3) return BigInt(ramBytes) + BigInt((next() % 64) - 32);
  if (kind === 4) return BigInt(next() % 65);
  if (kind === 5) return 1n << BigInt(next() % 64);
  if (kind === 6) return BigInt.asUintN(64, -BigInt(next() % 8192));
  return (BigInt(next()) << 32n) | BigInt(next());
}

/** H_JOIN and H_SET_MODE (which changes the byte order of interrupts) would end the guest, not the host. */
const leftOut = [0x298, 0x31c];

function hypercallNumber(next: () => number): number {
  for (;;) {
    const number = 4 * (next() % 0x120);
    if (!leftOut.includes(number)) return number;
  }
}

function image(seed: number): Uint8Array {
  const bytes = new Uint8Array(imageBytes);
  const view = new DataView(bytes.buffer);
  const next = generator(seed);
  bytes.set(assemble(source, { origin: 0x100n, littleEndian: false }).bytes, 0x100);
  // All other interrupts come back; the program ends before the first of them.
  const rfid = 0x4c000024;
  for (let vector = 0x400; vector < 0x4000; vector += 0x20) view.setUint32(vector, rfid);
  // Decrementer: put it far off, come back.
  [0x7c7043a6, 0x3c607fff, 0x7c7603a6, 0x7c7042a6, rfid].forEach((word, i) => {
    view.setUint32(0x900 + 4 * i, word);
  });
  view.setBigUint64(0x40, BigInt(tableAt));
  for (let call = 0; call < calls; call++) {
    const at = tableAt + call * callBytes;
    for (let register = 0; register < 10; register++) view.setBigUint64(at + 8 * register, wild(next));
    const kind = next() % 4;
    if (kind > 0) view.setBigUint64(at, BigInt(hypercallNumber(next)));
    else {
      view.setBigUint64(at, 0xf000n);
      if (next() % 8 > 0) view.setBigUint64(at + 8, BigInt(blocksAt + (next() % blocks) * blockBytes));
    }
  }
  for (let block = 0; block < blocks; block++) {
    const at = blocksAt + block * blockBytes;
    // Those that end the guest do so with the right counts of cells only, and another seed goes on.
    const token = 0x2000 + (next() % 0x30);
    view.setUint32(at, token);
    view.setUint32(at + 4, next() % 8 === 0 ? next() : next() % 8);
    view.setUint32(at + 8, next() % 8 === 0 ? next() : next() % 8);
    for (let cell = 12; cell < blockBytes; cell += 4) view.setUint32(at + cell, Number(wild(next) & 0xffff_ffffn));
  }
  return bytes;
}

test(`${seeds.length * calls} wild calls of hypercalls and RTAS leave the host unharmed`, async (t) => {
  const profile = findProfile('engine');
  assert.ok(profile !== undefined);
  const counts = new Map<string, number>();
  const ends: string[] = [];
  for (const seed of seeds) {
    const promised = environment({
      cpu: 'power9',
      memory: '256',
      cpus: '2',
      'ic-mode': seed % 2 === 0 ? 'xics' : 'dual',
    });
    assert.ok(!isRefusal(promised));
    const provision = provide(promised, profile);
    assert.ok(!isRefusal(provision));
    let turns = 0;
    const machine = createMachine(
      {
        environment: promised,
        provision,
        boot: { kind: 'firmware', firmware: image(seed), commandLine: '' },
        rtcBaseSeconds: 0,
        icountShift: 8,
        noReboot: true,
        engine: engineFromEnvironment() ?? 'translator',
        logItems: [],
      },
      quietHost(engineImages, { stopRequested: () => ++turns > 3000 }),
    );
    const outcome = await machine.run();
    ends.push(outcome.kind);
    assert.notEqual(outcome.kind, 'internal-error', JSON.stringify(outcome));
    for (const [name, count] of machine.statistics().calls) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const made = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const known = [...counts.keys()].filter((name) => !/^(hypercall|RTAS) 0x/.test(name));
  t.diagnostic(`${made} calls of ${known.length} names; ${ends.join(', ')}`);
  assert.ok(made > 15_000 && known.length > 100, `${made} calls, ${known.length} names`);
});
