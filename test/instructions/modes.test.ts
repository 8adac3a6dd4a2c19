// What the recorded vectors cannot show: traps, big-endian mode, 32-bit mode, and where the oracle itself is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assemble } from '../../src/isa/assemble.ts';
import { EngineTarget, type EngineTargetOptions } from './engine-target.ts';
import { block, windowAddress, windowBytes } from './machine-state.ts';

const trapVector = 0x700;
const alignmentVector = 0x600;
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const edge64 = fc.oneof(
  u64,
  fc.constantFrom(0n, 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: -100n, max: 100n }).map((x) => BigInt.asUintN(64, x)),
);

interface Outcome {
  readonly vector: number | undefined;
  readonly gpr: (n: number) => bigint;
  readonly cr: number;
  readonly xer: number;
  readonly ctr: bigint;
  readonly memory: Uint8Array;
}

interface Setup {
  readonly gpr?: Readonly<Record<number, bigint>>;
  readonly cr?: number;
  readonly xer?: number;
  readonly ctr?: bigint;
  readonly memory?: Uint8Array;
}

/** Runs sources on one kind of CPU. */
class Runner {
  readonly #target: EngineTarget;
  readonly #state = new Uint8Array(block.bytes);
  readonly #view = new DataView(this.#state.buffer);
  #loaded: readonly string[] = [];

  constructor(options: Omit<EngineTargetOptions, 'edition'>) {
    this.#target = new EngineTarget({ edition: '3.1', ...options });
  }

  load(sources: readonly string[]): void {
    this.#loaded = sources;
    this.#target.load(sources.map((source) => this.#words(source)));
  }

  #words(source: string): number[] {
    const { bytes } = assemble(source);
    return Array.from({ length: bytes.length / 4 }, (_, i) => new DataView(bytes.buffer).getUint32(4 * i, true));
  }

  run(source: string, setup: Setup): Outcome {
    if (!this.#loaded.includes(source)) this.load([source]);
    this.#state.fill(0);
    for (const [n, value] of Object.entries(setup.gpr ?? {})) {
      this.#view.setBigUint64(block.gpr + 8 * Number(n), BigInt.asUintN(64, value), true);
    }
    this.#view.setUint32(block.cr, setup.cr ?? 0, true);
    this.#view.setUint32(block.xer, setup.xer ?? 0, true);
    this.#view.setBigUint64(block.ctr, setup.ctr ?? 0n, true);
    this.#state.set(setup.memory ?? [], block.memory);
    this.#target.setState(this.#state);
    const vector = this.#target.run(this.#loaded.indexOf(source));
    const after = new Uint8Array(block.bytes);
    this.#target.getState(after);
    const view = new DataView(after.buffer);
    return {
      vector,
      gpr: (n) => view.getBigUint64(block.gpr + 8 * n, true),
      cr: view.getUint32(block.cr, true),
      xer: view.getUint32(block.xer, true),
      ctr: view.getBigUint64(block.ctr, true),
      memory: after.slice(block.memory, block.memory + windowBytes),
    };
  }
}

const little = new Runner({ littleEndian: true, translate: false });
const translated = new Runner({ littleEndian: true, translate: true });
const big = new Runner({ littleEndian: false, translate: false });
const little32 = new Runner({ littleEndian: true, translate: false, is32: true });
const at = BigInt(windowAddress);

/** The trap condition of Book I, section 3.3.11. */
function traps(to: number, x: bigint, y: bigint, width: 32 | 64): boolean {
  const [sx, sy] = [BigInt.asIntN(width, x), BigInt.asIntN(width, y)];
  const [ux, uy] = [BigInt.asUintN(width, x), BigInt.asUintN(width, y)];
  return (
    ((to & 16) !== 0 && sx < sy) ||
    ((to & 8) !== 0 && sx > sy) ||
    ((to & 4) !== 0 && sx === sy) ||
    ((to & 2) !== 0 && ux < uy) ||
    ((to & 1) !== 0 && ux > uy)
  );
}

for (const [name, runner] of [
  ['interpreted', little],
  ['translated', translated],
] as const) {
  test(`tw and td trap exactly when a condition of TO holds, ${name}`, () => {
    const orders = Array.from({ length: 32 }, (_, to) => to);
    runner.load(orders.flatMap((to) => [`tw ${to}, r3, r4`, `td ${to}, r3, r4`]));
    fc.assert(
      fc.property(fc.nat(31), edge64, edge64, fc.boolean(), (to, x, other, same) => {
        const y = same ? x : other;
        for (const [mnemonic, width] of [
          ['tw', 32],
          ['td', 64],
        ] as const) {
          const { vector } = runner.run(`${mnemonic} ${to}, r3, r4`, { gpr: { 3: x, 4: y } });
          assert.equal(vector, traps(to, x, y, width) ? trapVector : undefined, mnemonic);
        }
      }),
      { numRuns: 300 },
    );
  });

  test(`twi and tdi compare with the sign-extended immediate, ${name}`, () => {
    runner.load(['twi 16, r3, -2', 'tdi 2, r3, -2', 'tdi 4, r3, 5']);
    assert.equal(runner.run('twi 16, r3, -2', { gpr: { 3: 0xffff_fffdn } }).vector, trapVector);
    assert.equal(runner.run('twi 16, r3, -2', { gpr: { 3: 0xffff_fffen } }).vector, undefined);
    assert.equal(runner.run('tdi 2, r3, -2', { gpr: { 3: 0xffff_fffdn } }).vector, trapVector);
    assert.equal(runner.run('tdi 4, r3, 5', { gpr: { 3: 5n } }).vector, trapVector);
    assert.equal(runner.run('tdi 4, r3, 5', { gpr: { 3: 6n } }).vector, undefined);
  });
}

test('lmw and stmw move the words of RT to 31, big-endian', () => {
  const memory = Uint8Array.from({ length: windowBytes }, (_, i) => i + 1);
  const loaded = big.run('lmw r28, 8(r3)', { gpr: { 3: at, 27: 5n }, memory });
  assert.deepEqual([27, 28, 29, 30, 31].map(loaded.gpr), [5n, 0x090a0b0cn, 0x0d0e0f10n, 0x11121314n, 0x15161718n]);

  const gpr = { 3: at, 30: 0x1234_5678_9abc_def0n, 31: 0x0102_0304n };
  const stored = big.run('stmw r30, -4(r3)', { gpr: { ...gpr, 3: at + 4n } });
  assert.deepEqual([...stored.memory.subarray(0, 9)], [0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3, 4, 0]);
});

/** Registers of a string of `count` bytes from `first` on: four bytes each, the rest of the last one zero. */
function stringWords(first: number, count: number, bytes: Uint8Array): Map<number, bigint> {
  const words = new Map<number, bigint>();
  for (let i = 0; i < count; i++) {
    const n = (first + (i >> 2)) % 32;
    words.set(n, (words.get(n) ?? 0n) | (BigInt(bytes[i] ?? 0) << BigInt(24 - 8 * (i & 3))));
  }
  return words;
}

test('string loads fill registers byte by byte and wrap from 31 to 0', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 127 }),
      fc.integer({ min: 0, max: 31 }),
      fc.uint8Array({ minLength: 128, maxLength: 128 }),
      (count, first, memory) => {
        const old = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [n, 0xffff_ffff_0000_0000n + BigInt(n)]));
        const base = (first + 31) % 32;
        const gpr = { ...old, [base]: at };
        // The base register comes last of all: only strings that reach it are invalid forms.
        if (count > 4 * 30) return;
        const source = base === 0 ? `lswx r${first}, 0, r0` : `lswx r${first}, 0, r${base}`;
        const after = big.run(source, { gpr, xer: count, memory });
        const expected = stringWords(first, count, memory);
        for (let n = 0; n < 32; n++) {
          assert.equal(
            after.gpr(n),
            expected.get(n) ?? (n === base ? at : old[n]),
            `r${n} of ${source}, ${count} bytes`,
          );
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('string stores write exactly their bytes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 31 }),
      fc.integer({ min: 4, max: 31 }),
      fc.array(u64, { minLength: 32, maxLength: 32 }),
      (nb, first, values) => {
        const count = nb === 0 ? 32 : nb;
        const gpr = { ...Object.fromEntries(values.entries()), 3: at };
        const memory = new Uint8Array(windowBytes).fill(0xee);
        const after = big.run(`stswi r${first}, r3, ${nb}`, { gpr, memory });
        const expected = memory.slice();
        for (let i = 0; i < count; i++) {
          const n = (first + (i >> 2)) % 32;
          const value = n === 3 ? at : (values[n] ?? 0n);
          expected[i] = Number((value >> BigInt(24 - 8 * (i & 3))) & 0xffn);
        }
        assert.deepEqual(after.memory, expected);
      },
    ),
    { numRuns: 200 },
  );
});

test('string and multiple instructions raise the alignment interrupt in little-endian mode', () => {
  for (const source of [
    'lmw r28, 0(r3)',
    'stmw r28, 0(r3)',
    'lswi r5, r3, 4',
    'stswi r5, r3, 4',
    'lswx r5, 0, r3',
    'stswx r5, 0, r3',
  ]) {
    assert.equal(little.run(source, { gpr: { 3: at }, xer: 4 }).vector, alignmentVector, source);
  }
});

test('loads and stores follow the byte order, and the reversed ones the other', () => {
  const memory = Uint8Array.from([0x81, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  const cases = [
    ['lhz r4, 0(r3)', 0x8102n],
    ['lha r4, 0(r3)', 0xffff_ffff_ffff_8102n],
    ['lwz r4, 0(r3)', 0x8102_0304n],
    ['lwa r4, 0(r3)', 0xffff_ffff_8102_0304n],
    ['ld r4, 0(r3)', 0x8102_0304_0506_0708n],
    ['lhbrx r4, 0, r3', 0x0281n],
    ['lwbrx r4, 0, r3', 0x0403_0281n],
    ['ldbrx r4, 0, r3', 0x0807_0605_0403_0281n],
  ] as const;
  for (const [source, expected] of cases) {
    assert.equal(big.run(source, { gpr: { 3: at }, memory }).gpr(4), expected, source);
  }
  const quad = big.run('lq r4, 0(r3)', { gpr: { 3: at }, memory });
  assert.deepEqual([quad.gpr(4), quad.gpr(5)], [0x8102_0304_0506_0708n, 0x090a_0b0c_0d0e_0f10n]);
  const stored = big.run('std r4, 0(r3); stwbrx r4, r3, r5', { gpr: { 3: at, 4: 0x0102_0304_0506_0708n, 5: 8n } });
  assert.deepEqual([...stored.memory.subarray(0, 12)], [1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5]);
});

test('signed maximum and minimum of a word in memory compare signed words', () => {
  const memory = Uint8Array.from([0xff, 0xff, 0xff, 0xff]);
  const wordOf = (bytes: Uint8Array) => new DataView(bytes.buffer).getInt32(0, true);
  const run = (code: number) => little.run(`lwat r5, r3, ${code}`, { gpr: { 3: at, 6: 1n }, memory });
  assert.equal(wordOf(run(5).memory), 1);
  assert.equal(wordOf(run(7).memory), -1);
  assert.equal(run(7).gpr(5), 0xffff_ffffn);
});

test('a quadword reservation lets stqcx. store, once', () => {
  const gpr = { 3: at, 6: 0x11n, 7: 0x22n };
  const first = little.run('lqarx r4, 0, r3; stqcx. r6, 0, r3', { gpr });
  assert.equal(first.cr >>> 28, 2);
  assert.deepEqual([first.memory[0], first.memory[8]], [0x22, 0x11]);
  const second = little.run('lqarx r4, 0, r3; stqcx. r6, 0, r3; stqcx. r6, 0, r3', { gpr });
  assert.equal(second.cr >>> 28, 0);
});

test('a quadword that is not aligned cannot be reserved, and no half of it is stored', () => {
  const memory = Uint8Array.from({ length: 32 }, (_, i) => i);
  for (const source of ['lqarx r4, 0, r3', 'stqcx. r6, 0, r3', 'lqarx r4, 0, r3; stqcx. r6, 0, r8']) {
    const gpr = { 3: source.includes(';') ? at : at + 8n, 8: at + 8n, 6: 0x11n, 7: 0x22n };
    const result = little.run(source, { gpr, memory });
    assert.equal(result.vector, 0x600, source);
    assert.deepEqual(result.memory.slice(0, memory.length), memory);
  }
});

test('divde reports every quotient that does not fit', () => {
  fc.assert(
    fc.property(edge64, edge64, (x, y) => {
      const divisor = BigInt.asIntN(64, y);
      const quotient = divisor === 0n ? undefined : (BigInt.asIntN(64, x) << 64n) / divisor;
      const fits = quotient !== undefined && BigInt.asIntN(64, quotient) === quotient;
      const after = little.run('divdeo r5, r3, r4', { gpr: { 3: x, 4: y } });
      assert.equal(after.xer >>> 30, fits ? 0 : 3);
      if (fits) assert.equal(after.gpr(5), BigInt.asUintN(64, quotient));
    }),
    { numRuns: 300 },
  );
});

test('32-bit mode: CR0, CA and OV describe the low word', () => {
  fc.assert(
    fc.property(edge64, edge64, (x, y) => {
      const after = little32.run('addco. r5, r3, r4', { gpr: { 3: x, 4: y } });
      const sum = x + y;
      const low = BigInt.asIntN(32, sum);
      const carry = (x & 0xffff_ffffn) + (y & 0xffff_ffffn) > 0xffff_ffffn;
      const overflow = BigInt.asIntN(32, x) + BigInt.asIntN(32, y) !== low;
      assert.equal(after.gpr(5), BigInt.asUintN(64, sum));
      assert.equal(after.cr >>> 28, (low < 0n ? 8 : low > 0n ? 4 : 2) + (overflow ? 1 : 0));
      assert.equal((after.xer >>> 29) & 1, carry ? 1 : 0);
      assert.equal((after.xer >>> 30) & 1, overflow ? 1 : 0);
    }),
    { numRuns: 300 },
  );
});

test('32-bit mode: addresses and the CTR test use the low word', () => {
  const memory = Uint8Array.from([1, 2, 3, 4]);
  const loaded = little32.run('lwzu r4, 4(r3)', { gpr: { 3: 0xdead_beef_0000_0000n + at - 4n }, memory });
  assert.equal(loaded.gpr(4), 0x0403_0201n);
  assert.equal(loaded.gpr(3), at);

  const looped = little32.run('bdnz 2f; addi r5, 0, 1; 2: nop', { ctr: 0x1_0000_0001n });
  assert.equal(looped.gpr(5), 1n);
  assert.equal(looped.ctr, 0x1_0000_0000n);
});

test('instructions of the hypervisor are privileged, the branch history is empty', () => {
  for (const source of ['ldcix r3, r4, r5', 'stbcix r3, r4, r5', 'msgsndu r4', 'rmieg r4', 'hrfid']) {
    assert.equal(little.run(source, {}).vector, trapVector, source);
  }
  assert.equal(little.run('mfbhrbe r3, 7', { gpr: { 3: 5n } }).gpr(3), 0n);
  assert.equal(little.run('clrbhrb', {}).vector, undefined);
  assert.equal(little.run('slbiag r3', {}).vector, undefined);
});
