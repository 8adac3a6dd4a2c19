// XIVE's pages: who answers where, of which size, and that no access does harm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testMachine } from '../test-machine.ts';

const TIMA = 0x0006_0302_0318_0000n;
const OS = TIMA + 0x2_0000n;
const USER = TIMA + 0x3_0000n;
const ESB = 0x0006_0100_0000_0000n;
const ones = (size: number) => (1n << BigInt(8 * size)) - 1n;

function open() {
  const machine = testMachine('dual', 2);
  machine.irq.activate('xive');
  machine.irq.mmioWrite(0, OS + 0x11n, 1, 0xffn);
  return machine;
}

test('every byte of the OS ring reads the same in any access size', () => {
  const { irq } = open();
  irq.mmioWrite(0, OS + 0x812n, 1, 5n);
  const ring = [0x80, 0xff, 0x04, 0xff, 0xff, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
  for (const size of [1, 2, 4, 8])
    for (let at = 0; at < 16; at += size) {
      const expected = ring.slice(at, at + size).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
      assert.equal(irq.mmioRead(0, OS + 0x10n + BigInt(at), size), expected, `${size} bytes at ${at}`);
    }
});

test('only CPPR of the OS ring can be stored to, by any size that covers it', () => {
  const { irq, asserted } = open();
  irq.mmioWrite(0, OS + 0x812n, 1, 5n);
  for (const at of [0x10, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17]) irq.mmioWrite(0, OS + BigInt(at), 1, 0n);
  assert.equal(irq.mmioRead(0, OS + 0x10n, 8), 0x80ff_04ff_ff00_0005n);
  irq.mmioWrite(0, OS + 0x10n, 8, 0x0003_0000_0000_0000n);
  assert.equal(irq.mmioRead(0, OS + 0x10n, 8), 0x0003_04ff_ff00_0005n, 'a more favoured CPPR withdraws the exception');
  assert.equal(asserted.size, 0);
  irq.mmioWrite(0, OS + 0x10n, 4, 0x0006_0000n);
  assert.deepEqual([...asserted], [0]);
});

test('acknowledging takes a halfword load in the OS page, nothing else', () => {
  const { irq, asserted } = open();
  irq.mmioWrite(0, OS + 0x812n, 1, 5n);
  for (const [address, size] of [
    [OS + 0x810n, 1],
    [OS + 0x810n, 4],
    [OS + 0x810n, 8],
    [USER + 0x810n, 2],
    [OS + 0x811n, 2],
    [OS + 0x1810n, 2],
    [TIMA + 0x810n, 2],
  ] as const)
    assert.equal(irq.mmioRead(0, address, size), ones(size), address.toString(16));
  assert.deepEqual([...asserted], [0]);
  assert.equal(irq.mmioRead(1, OS + 0x810n, 2), 0n, 'the TIMA is that of the vCPU');
  assert.equal(irq.mmioRead(0, OS + 0x810n, 2), 0x8005n);
  assert.equal(irq.mmioRead(0, OS + 0x810n, 2), 0x0005n, 'nothing more to accept');
});

test('trigger pages, free sources and what is not a page read as all ones', () => {
  const { irq } = open();
  for (const address of [ESB, ESB + 0x2_0000n * 5n + 0x1_0800n, ESB + 0x4000_0000n + 0x2_0000n * 16n, OS + 0x40n, TIMA])
    for (const size of [1, 2, 4, 8]) assert.equal(irq.mmioRead(0, address, size), ones(size), address.toString(16));
  assert.equal(irq.mmioRead(0, ESB + 0x1_0800n, 8), 1n);
  irq.mmioWrite(0, ESB + 0x1_0400n, 8, 0n);
  assert.equal(irq.mmioRead(0, ESB + 0x1_0800n, 8), 1n, 'no store EOI');
  assert.equal(irq.containsMmio(0x60100, 0), true);
  assert.equal(irq.containsMmio(0x60302, 0x031a_0810), true);
  assert.equal(irq.containsMmio(0x60302, 0x031c_0000), false);
  assert.equal(irq.containsMmio(0, 0), false);
});

test('no access anywhere throws', () => {
  const { irq } = open();
  const address = fc.oneof(
    fc
      .tuple(fc.constantFrom(TIMA, ESB, ESB + 0x4000_0000n), fc.bigInt({ min: 0n, max: 0x5_0000n }))
      .map(([a, b]) => a + b),
    fc.bigInt({ min: 0n, max: ones(8) }),
  );
  fc.assert(
    fc.property(address, fc.constantFrom(1, 2, 4, 8), fc.bigInt({ min: 0n, max: ones(8) }), (at, size, value) => {
      irq.mmioWrite(0, at, size, value & ones(size));
      assert(irq.mmioRead(0, at, size) <= ones(size));
    }),
    { numRuns: 500 },
  );
});
