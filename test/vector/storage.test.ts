// Vector loads and stores in both byte orders, executed by the engine, against the rules of the manual; and which
// facility an instruction needs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { state } from '../../src/cpu/state.ts';
import { TestCpu } from '../../src/engine/test-cpu.ts';
import { engineFromEnvironment } from '../../src/host/engine-choice.ts';
import { assemble } from '../../src/isa/assemble.ts';

const dataPlane = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../../assembly/data-plane.wasm'));
const area = 0x2_0000;
const bytes = fc.uint8Array({ minLength: 48, maxLength: 48 });

/** A CPU of one byte order with a small area of storage; GPR 4 is its address plus an offset, GPR 5 an index. */
class Machine {
  readonly littleEndian: boolean;
  readonly #cpu: TestCpu;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
    this.#cpu = new TestCpu({ images: { dataPlane }, littleEndian, engine: engineFromEnvironment() });
  }

  /** Executes one instruction; returns the interrupt vector, or undefined. */
  run(source: string, msrWithout = 0n): number | undefined {
    const { littleEndian } = this;
    const { bytes: code } = assemble(source, { littleEndian });
    this.#cpu.reset();
    this.#cpu.vcpu.msr &= ~msrWithout;
    this.#cpu.engine.dataPlane.updateContext(this.#cpu.vcpu.address);
    const word = new DataView(code.buffer, code.byteOffset).getUint32(0, littleEndian);
    return this.#cpu.execute([word]);
  }

  setAddress(offset: number, index: bigint): void {
    this.#cpu.vcpu.setGpr(4, BigInt(area + offset));
    this.#cpu.vcpu.setGpr(5, index);
  }

  get storage(): number[] {
    return [...this.#cpu.engine.ram.readBytes(area, 48)];
  }
  set storage(content: readonly number[]) {
    this.#cpu.engine.ram.writeBytes(area, Uint8Array.from(content));
  }

  /** VSR n as bytes from the left. */
  register(n: number): number[] {
    const { view } = this.#cpu.vcpu;
    return Array.from({ length: 16 }, (_, i) => view.getUint8(state.vsr.offset + 16 * n + 15 - i));
  }
  setRegister(n: number, content: readonly number[]): void {
    const { view } = this.#cpu.vcpu;
    content.forEach((value, i) => {
      view.setUint8(state.vsr.offset + 16 * n + 15 - i, value);
    });
  }
}

const machines = [new Machine(true), new Machine(false)];

for (const machine of machines) {
  const order = machine.littleEndian ? 'little-endian' : 'big-endian';
  const inOrder = (element: readonly number[]): number[] =>
    machine.littleEndian ? [...element].reverse() : [...element];

  test(`${order}: whole-vector loads and stores keep the order of elements and turn their bytes`, () => {
    const forms = [
      ['lxvd2x 34,4,5', 'stxvd2x 34,4,5', 8],
      ['lxvw4x 34,4,5', 'stxvw4x 34,4,5', 4],
      ['lxvh8x 34,4,5', 'stxvh8x 34,4,5', 2],
      ['lxvb16x 34,4,5', 'stxvb16x 34,4,5', 1],
      ['lxvx 34,4,5', 'stxvx 34,4,5', 16],
      ['lxv 34,0(4)', 'stxv 34,0(4)', 16],
    ] as const;
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 30 }), fc.constantFrom(...forms), (content, offset, form) => {
        const [load, store, size] = form;
        machine.setAddress(offset, 0n);
        machine.storage = [...content];
        const expected: number[] = [];
        for (let i = 0; i < 16; i += size) expected.push(...inOrder([...content.slice(offset + i, offset + i + size)]));
        assert.equal(machine.run(load), undefined);
        assert.deepEqual(machine.register(34), expected);
        machine.storage = Array.from({ length: 48 }, () => 0);
        assert.equal(machine.run(store), undefined);
        const wanted = Array.from({ length: 48 }, (_, i) => (i >= offset && i < offset + 16 ? content[i] : 0));
        assert.deepEqual(machine.storage, wanted);
      }),
    );
  });

  test(`${order}: element loads and stores of VMX use the element that belongs to the address`, () => {
    const forms = [
      ['b', 1],
      ['h', 2],
      ['w', 4],
    ] as const;
    fc.assert(
      fc.property(
        bytes,
        fc.integer({ min: 0, max: 31 }),
        fc.constantFrom(...forms),
        (content, offset, [letter, size]) => {
          const start = offset - (offset % size);
          const fromLeft = machine.littleEndian ? 16 - size - (start % 16) : start % 16;
          machine.setAddress(offset, 0n);
          machine.storage = [...content];
          assert.equal(machine.run(`lve${letter}x 2,4,5`), undefined);
          const element = inOrder([...content.slice(start, start + size)]);
          assert.deepEqual(machine.register(34).slice(fromLeft, fromLeft + size), element);
          machine.storage = Array.from({ length: 48 }, () => 0);
          assert.equal(machine.run(`stve${letter}x 2,4,5`), undefined);
          const wanted = Array.from({ length: 48 }, (_, i) => (i >= start && i < start + size ? content[i] : 0));
          assert.deepEqual(machine.storage, wanted);
        },
      ),
    );
  });

  test(`${order}: lxvl and lxvll load, stxvl and stxvll store, as many bytes as RB says`, () => {
    const count = fc.oneof(fc.integer({ min: 0, max: 17 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 31 }), count, fc.boolean(), (content, offset, n, left) => {
        const length = Math.min(n, 16);
        machine.setAddress(offset, (BigInt(n) << 56n) | 5n);
        machine.storage = [...content];
        const loaded = [...content.slice(offset, offset + length)];
        const zeros = Array.from({ length: 16 - length }, () => 0);
        // lxvl in little-endian order has the first byte of storage rightmost; the others have it leftmost.
        const expected = machine.littleEndian && !left ? [...zeros, ...loaded.reverse()] : [...loaded, ...zeros];
        assert.equal(machine.run(`lxvl${left ? 'l' : ''} 34,4,5`), undefined);
        assert.deepEqual(machine.register(34), expected);
        machine.storage = Array.from({ length: 48 }, () => 0);
        assert.equal(machine.run(`stxvl${left ? 'l' : ''} 34,4,5`), undefined);
        const wanted = Array.from({ length: 48 }, (_, i) => (i >= offset && i < offset + length ? content[i] : 0));
        assert.deepEqual(machine.storage, wanted);
      }),
      { numRuns: 200 },
    );
  });

  test(`${order}: lvsl and lvsr with vperm align what two aligned loads bring`, () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 15 }), (content, offset) => {
        machine.storage = [...content];
        machine.setAddress(0, 0n);
        machine.run('lvx 2,4,5');
        machine.setAddress(16, 0n);
        machine.run('lvx 3,4,5');
        machine.setAddress(offset, 0n);
        machine.run(machine.littleEndian ? 'lvsr 6,4,5' : 'lvsl 6,4,5');
        // In little-endian order the vectors and the control are those of the mirrored case.
        machine.run(machine.littleEndian ? 'vperm 7,3,2,6' : 'vperm 7,2,3,6');
        assert.deepEqual(machine.register(39), inOrder([...content.slice(offset, offset + 16)]));
      }),
    );
  });
}

test('instructions of 3.0 on VSR 32 to 63 need MSR[VEC], those on VSR 0 to 31 MSR[VSX] or MSR[FP]', () => {
  const vec = 1n << 25n;
  const vsx = 1n << 23n;
  const fp = 1n << 13n;
  const [machine] = machines;
  assert.ok(machine);
  machine.setAddress(0, 0n);
  assert.equal(machine.run('lxv 34,0(4)', vec), 0xf20);
  assert.equal(machine.run('lxv 34,0(4)', vsx), undefined);
  assert.equal(machine.run('lxv 2,0(4)', vsx), 0xf40);
  assert.equal(machine.run('lxv 2,0(4)', vec), undefined);
  assert.equal(machine.run('mtvsrd 34,4', vec), 0xf20);
  assert.equal(machine.run('mtvsrd 2,4', fp), 0x800);
  assert.equal(machine.run('mtvsrd 2,4', vec | vsx), undefined);
  assert.equal(machine.run('lxvd2x 34,4,5', vsx), 0xf40);
  assert.equal(machine.run('lxvd2x 34,4,5', vec), undefined);
});
