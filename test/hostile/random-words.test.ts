// Random words as code: ten million steps of garbage, in every mode and state, with interrupts that go to more garbage, stop or
// harm nothing: no exception, no write outside guest RAM, bounded memory of the host.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pendingInterrupt, state } from '../../src/cpu/state.ts';
import { Engine } from '../../src/engine/engine.ts';
import { leaveReason } from '../../src/engine/leave-reason.ts';
import { defaultTuning } from '../../src/engine/translator/translator-tuning.ts';
import { environment, findProfile, isRefusal, provide } from '../../src/environment/index.ts';
import { engineFromEnvironment } from '../../src/host/engine-choice.ts';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { patternOf } from '../../src/isa/row-pattern.ts';
import { instructionTable } from '../../src/isa/table.ts';
import { createMachine } from '../../src/machine/machine.ts';
import { quietHost } from '../quiet-host.ts';

const engineImages = loadEngineImages();
const megabyte = 1 << 20;

/** A repeatable generator: xorshift of 32 bits. */
function generator(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

const patterns = instructionTable.map(patternOf);
const branches = instructionTable.flatMap((row, index) => (row.endsBlock ? [index] : []));

/** sc 1; li r3, 0. */
const hypercallWord = 0x44000022;
const loadR3 = 0x38600000;

/** Words of code: an instruction with random operands, most often; else anything. */
function randomWords(next: () => number): number[] {
  const kind = next() % 8;
  if (kind === 0) return [next()];
  // Calls of the platform with numbers that it may know, through r3.
  if (kind === 2) return [next() % 4 === 0 ? hypercallWord : loadR3 | ((next() % 0x180) << 2)];
  const index = kind === 1 ? branches[next() % branches.length] : next() % patterns.length;
  const pattern = patterns[index ?? 0];
  if (pattern === undefined) return [0];
  const word = pattern.value | (next() & ~pattern.mask);
  const { prefix } = pattern;
  return prefix ? [prefix.value | (next() & ~prefix.mask), word] : [word];
}

function fillWithWords(bytes: Uint8Array, next: () => number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at + 8 <= bytes.length; ) {
    const littleEndian = (next() & 1) === 0;
    for (const word of randomWords(next)) {
      view.setUint32(at, word, littleEndian);
      at += 4;
    }
  }
}

/** A pointer, a small number, a number around a border, or anything. */
function randomValue(next: () => number, ramBytes: number): bigint {
  const wide = (BigInt(next()) << 32n) | BigInt(next());
  const kind = next() % 6;
  if (kind < 2) return BigInt(next() % ramBytes);
  if (kind === 2) return 0xc000_0000_0000_0000n | BigInt(next() % ramBytes);
  if (kind === 3) return BigInt.asUintN(64, BigInt(next() % 64) - 32n);
  if (kind === 4) return BigInt(ramBytes) + BigInt(next() % 16) - 8n;
  return wide;
}

/** Bytes of resident memory that this process may grow by: translated code, its tables, and what is not yet collected. */
const growthLimit = 512 * megabyte;

// Garbage soon runs in a small circle: after a round everything is random again. Only a longer one gets hot.
for (const [name, translate, steps, roundSteps] of [
  ['interpreted', false, 6_000_000, 2000],
  ['translated when hot', true, 4_000_000, 12_000],
] as const) {
  test(`${steps / 1e6} million steps of random words, ${name}, in every mode`, (t) => {
    const next = generator(translate ? 2 : 1);
    const [ramBytes, hptBytes] = [4 * megabyte, 1 << 18];
    const engine = new Engine(
      {
        vcpus: 1,
        ramBytes,
        hptBytes,
        hptCapacity: hptBytes,
        edition: translate ? '3.1' : '3.0',
        images: engineImages,
        ...(translate ? { translator: { ...defaultTuning, threshold: 1, patience: 1 } } : {}),
      },
      {
        mmioRead: () => undefined,
        mmioWrite: () => false,
        ticks: () => 5,
        timerChanged: () => {},
        interrupted: (_vcpu, vector) => vectors.add(vector),
        decoded: (_address, word) => words.add(word),
      },
    );
    const [vcpu] = engine.vcpus;
    assert.ok(vcpu !== undefined);
    const all = new Uint8Array(engine.memory.buffer);
    const otherTable = all.subarray(engine.hptPlaces.bases[1], engine.hptPlaces.bases[1] + hptBytes);
    const table = all.subarray(engine.hptPlaces.bases[0], engine.hptPlaces.bases[0] + hptBytes);
    const code = new Uint8Array(32 << 10);
    const before = process.memoryUsage().rss;
    const reasons = new Map<number, number>();
    let done = 0;
    const vectors = new Set<number>();
    const words = new Set<number>();
    for (let round = 0; done < steps; round++) {
      fillWithWords(code, next);
      // Page 0 has the interrupt vectors; the rest goes anywhere.
      engine.ram.writeBytes(0, code.subarray(0, 0x4000));
      engine.ram.writeBytes((next() % (ramBytes / 4096 - 8)) * 4096, code.subarray(0x4000));
      if (round % 16 === 0) for (let at = 0; at < hptBytes; at += 4) table[at] = next();
      for (let n = 0; n < 32; n++) vcpu.setGpr(n, randomValue(next, ramBytes));
      // SF, HV never, PR, EE, FP, ME, IR, DR, LE and the rest of the low half as they come.
      vcpu.msr = ((BigInt(next()) << 32n) & 0x8000_0000_0000_0000n) | BigInt(next() & 0x0380_ff33);
      vcpu.view.setBigUint64(state.processTable.offset, BigInt(next() % ramBytes), true);
      vcpu.view.setInt32(state.exception.offset, 0, true);
      vcpu.pending = next() % 4 === 0 ? pendingInterrupt.external | pendingInterrupt.decrementer : 0;
      vcpu.nip = randomValue(next, ramBytes) & ~3n;
      engine.dataPlane.tlbFlushAll(vcpu.address);
      engine.dataPlane.updateContext(vcpu.address);
      // A hypercall is answered with what was asked; a sleeping or stopped thread goes on.
      for (let left = roundSteps; left > 0; ) {
        const { reason, executed } = engine.run(vcpu, left);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        left -= Math.max(executed, 1);
        done += executed;
        if (reason === leaveReason.budget) break;
      }
    }
    assert.ok(
      otherTable.every((byte) => byte === 0),
      'memory behind that of the guest was written',
    );
    const growth = process.memoryUsage().rss - before;
    assert.ok(growth < growthLimit, `grew by ${growth} bytes`);
    // Garbage that always runs in the same circle would show nothing.
    assert.ok((reasons.get(leaveReason.hypercall) ?? 0) > 100);
    assert.ok(vectors.size >= 10 && words.size > 1000, `${vectors.size} vectors, ${words.size} words`);

    assert.ok(!translate || (engine.translator?.statistics.regions ?? 0) > 50);
    t.diagnostic(`${vectors.size} vectors, ${words.size} words, left for ${JSON.stringify([...reasons])}`);
  });
}

const [machines, entry, firstCalls] = [40, 0x100, 40];

/** Before the garbage: calls of the platform with wild arguments. */
function writeCalls(view: DataView, next: () => number): void {
  const words: number[] = [];
  for (let call = 0; call < firstCalls; call++) {
    for (let register = 4; register < 10; register++) {
      // li or lis with any value; or the register of another call.
      const form = next() % 3;
      if (form < 2) words.push((form === 0 ? 0x38000000 : 0x3c000000) | (register << 21) | (next() & 0xffff));
    }
    words.push(loadR3 | ((next() % 0x180) << 2), hypercallWord);
  }
  words.forEach((word, index) => {
    view.setUint32(4 * index, word);
  });
}

test('whole machines of random words run until they are stopped, or end as a guest can', async (t) => {
  const profile = findProfile('engine');
  assert.ok(profile !== undefined);
  const promised = environment({ cpu: 'power9', memory: '256', cpus: '2' });
  assert.ok(!isRefusal(promised));
  const provision = provide(promised, profile);
  assert.ok(!isRefusal(provision));
  const ends = new Map<string, number>();
  const called = new Set<string>();
  for (let seed = 1; seed <= machines; seed++) {
    const next = generator(seed * 7919);
    const firmware = new Uint8Array(256 << 10);
    fillWithWords(firmware, next);
    writeCalls(new DataView(firmware.buffer, entry), next);
    let turns = 0;
    const machine = createMachine(
      {
        environment: promised,
        provision,
        boot: { kind: 'firmware', firmware, commandLine: '' },
        rtcBaseSeconds: 0,
        icountShift: 2,
        noReboot: true,
        engine: engineFromEnvironment() ?? 'translator',
        logItems: ['guest_errors', 'unimp'],
      },
      quietHost(engineImages, { randomBytes: (into) => into.fill(next()), stopRequested: () => ++turns > 3 }),
    );
    const outcome = await machine.run();
    assert.notEqual(outcome.kind, 'internal-error', JSON.stringify(outcome));
    ends.set(outcome.kind, (ends.get(outcome.kind) ?? 0) + 1);
    for (const call of machine.statistics().calls.keys()) called.add(call);
  }
  assert.ok(called.size > 50, [...called].join());
  t.diagnostic(`${JSON.stringify([...ends])}, ${called.size} calls`);
});
