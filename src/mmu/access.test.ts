// Slow paths of storage access in real mode: sizes, byte orders, 16 bytes, cache blocks, atomics, the end of RAM.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataPlane, msr } from '../../test/data-plane-harness.ts';
import { state } from '../cpu/state.ts';

const little = msr.real;
const big = msr.real & ~1n;

function machine(mode = big): DataPlane {
  const plane = new DataPlane();
  plane.setMsr(0, mode);
  return plane;
}

test('random loads and stores of every size agree with bytes in an array, in both byte orders, across pages too', () => {
  const access = fc.record({
    address: fc.integer({ min: 0x2ff0, max: 0x3010 }),
    size: fc.constantFrom(1, 2, 4, 8),
    value: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
    store: fc.boolean(),
    littleEndian: fc.boolean(),
  });
  const plane = machine();
  const bytes = new Uint8Array(0x4000);
  fc.assert(
    fc.property(fc.array(access, { maxLength: 40 }), (accesses) => {
      for (const { address, size, value, store, littleEndian } of accesses) {
        plane.setMsr(0, littleEndian ? little : big);
        const low = BigInt.asUintN(8 * size, value);
        if (store) {
          plane.on(0, 'storeSlow', BigInt(address), size, value);
          for (let i = 0; i < size; i++) {
            bytes[address + (littleEndian ? i : size - 1 - i)] = Number((low >> BigInt(8 * i)) & 0xffn);
          }
        } else {
          let expected = 0n;
          for (let i = 0; i < size; i++) {
            expected |= BigInt(bytes[address + (littleEndian ? i : size - 1 - i)] ?? 0) << BigInt(8 * i);
          }
          assert.equal(plane.on(0, 'loadSlow', BigInt(address), size), expected);
        }
        assert.equal(plane.takeException(0), undefined);
      }
      const ram = new Uint8Array(plane.memory.buffer, plane.ramBase + 0x2ff0, 40);
      assert.deepEqual([...ram], [...bytes.subarray(0x2ff0, 0x3018)]);
    }),
    { numRuns: 50 },
  );
});

test('real mode ignores the four highest address bits; beyond RAM there are devices, or zeros and nothing', () => {
  const plane = machine();
  plane.write64(0x5000, 0x1234n);
  assert.equal(plane.on(0, 'loadSlow', 0xf000000000005000n, 8), 0x1234n);
  plane.mmioValue = undefined;
  assert.equal(plane.on(0, 'loadSlow', BigInt(plane.ramBytes), 4), 0n);
  assert.equal(plane.takeException(0), undefined);
  assert.equal(plane.on(0, 'translateFetch', BigInt(plane.ramBytes)), 0xffffffffffffffffn);
  assert.deepEqual(plane.takeException(0)?.srr1, 0x40000000n);
});

test('in 32-bit mode an access across the end of the address space goes on at 0', () => {
  const plane = machine(big & ~(1n << 63n));
  plane.write64(0, 0xaabb000000000000n);
  plane.mmioValue = 0x11n;
  assert.equal(plane.on(0, 'loadSlow', 0xfffffffen, 4), 0x1111aabbn);
});

test('dcbz zeroes 128 bytes around its address and tells of code there', () => {
  const plane = machine();
  for (let at = 0x5f00; at < 0x6100; at += 8) plane.write64(at, ~0n);
  plane.view.setUint8(plane.codeMap + 5, 1);
  plane.on(0, 'dataCacheBlockZero', 0x5fbfn);
  for (let at = 0x5f00; at < 0x6100; at += 8) {
    assert.equal(plane.read64(at), at >= 0x5f80 && at < 0x6000 ? 0n : 0xffffffffffffffffn);
  }
  assert.deepEqual(plane.codeWrites, [{ real: 0x5f80, size: 128 }]);
  plane.on(0, 'dataCacheBlockZero', BigInt(plane.ramBytes) + 5n);
  assert.deepEqual(plane.takeException(0)?.vector, 0x600);
});

test('the address of an atomic operand is that of its bytes; a store there tells of code first', () => {
  const plane = machine();
  assert.equal(plane.on(0, 'hostAddress', 0x7008n, 8, 0), plane.ramBase + 0x7008);
  assert.equal(plane.on(0, 'hostAddress', 0x7008n, 8, 1), plane.ramBase + 0x7008);
  assert.deepEqual(plane.codeWrites, []);
  plane.view.setUint8(plane.codeMap + 7, 1);
  plane.call('tlbDropWrite', 7);
  assert.equal(plane.on(0, 'hostAddress', 0x7010n, 4, 1), plane.ramBase + 0x7010);
  assert.deepEqual(plane.codeWrites, [{ real: 0x7010, size: 4 }]);
  plane.on(0, 'hostAddress', 0x7009n, 2, 1);
  assert.deepEqual(plane.takeException(0)?.dar, 0x7009n);
});

test('an access across pages with code in one of them tells of that part', () => {
  const plane = machine();
  plane.view.setUint8(plane.codeMap + 9, 1);
  plane.on(0, 'storeSlow', 0x8ffdn, 8, 0n);
  assert.deepEqual(plane.codeWrites, [{ real: 0x9000, size: 5 }]);
});

test('device accesses carry the value as a big-endian one', () => {
  const plane = machine(little);
  plane.mmioValue = 0x01020304n;
  assert.equal(plane.on(0, 'loadSlow', BigInt(plane.ramBytes), 4), 0x04030201n);
  plane.on(0, 'storeSlow', BigInt(plane.ramBytes), 2, 0xffff1122n);
  assert.equal(plane.mmio[1]?.value, 0x2211n);
  assert.equal(plane.cpu(0).view.getInt32(state.exception.offset, true), 0);
});
