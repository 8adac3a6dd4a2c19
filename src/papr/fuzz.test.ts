// Whatever a guest passes to hypercalls, RTAS and the client interface: nothing throws, nothing outside RAM changes, the
// answer is a documented code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hypercallStatus } from './hypercalls/status.ts';
import { TestMachine } from './test-support.ts';

const ram = 0x80_0000;
/** Statuses beside the documented ones: client interface and RTAS use r3 alike. */
const documented: ReadonlySet<bigint> = new Set(Object.values(hypercallStatus));
/** Effects after which a real machine would not come back to the same vCPU. */
const limits = [0n, 1n, 4n, 0xfffn, 0x1000n, BigInt(ram - 8), BigInt(ram - 1), BigInt(ram), 0x7100_0000n, 0x8000_0000n];

const value = fc.oneof(
  fc.constantFrom(...limits, ...limits.map((limit) => BigInt.asUintN(64, -limit))),
  fc.bigInt({ min: 0n, max: BigInt(ram) }),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.nat(63).map((bit) => 1n << BigInt(bit)),
);
const values = fc.array(value, { minLength: 9, maxLength: 9 });

/** A machine with random bytes all over its RAM. */
function dirtyMachine(seed: number): TestMachine {
  const machine = new TestMachine(
    { cpu: 'power9', cpus: '2', 'cap-rpt-invalidate': 'on', 'cap-nested-hv': 'on', devices: 'spapr-rng' },
    ram,
  );
  let state = seed | 1;
  for (let at = 0x50_0000; at < ram; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    // Small numbers are likelier to be valid sizes and counts.
    machine.memory.write32(at, (state & 0x300) === 0 ? (state >>> 16) & 31 : state >>> 0);
  }
  return machine;
}

test('random arguments to every hypercall', () => {
  const machine = dirtyMachine(1);
  const numbers = [
    ...new Set([...Array.from({ length: 0x120 }, (_, n) => 4 * n), 0xf000, 0xf001, 0xf002, 0xf003, 0xf005]),
  ];
  const before = machine.vcpu(1).gpr(31);
  fc.assert(
    fc.property(fc.constantFrom(...numbers), values, fc.nat(1), (number, args, index) => {
      const { status, effect } = machine.call(number, args, index);
      assert.ok(documented.has(status), `0x${number.toString(16)} gave ${status}`);
      assert.equal(typeof effect.kind, 'string');
      machine.vcpu(index).msr = 0n;
    }),
    { numRuns: 20_000 },
  );
  assert.equal(machine.vcpu(1).gpr(31), before);
});

test('numbers that no call has are H_FUNCTION', () => {
  const machine = dirtyMachine(2);
  const known = new Set([...machine.platform.counts.keys()]);
  assert.equal(known.size, 0);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.nat(0xfff).map((n) => 4 * n + 1),
        fc.bigInt({ min: 0x1_0000n, max: (1n << 64n) - 1n }),
      ),
      (number) => {
        machine.vcpu().setGpr(3, BigInt(number));
        machine.platform.hypercall(machine.vcpu());
        assert.equal(BigInt.asIntN(64, machine.vcpu().gpr(3)), -2n);
      },
    ),
    { numRuns: 2000 },
  );
});

test('random cells for every RTAS call', () => {
  const machine = dirtyMachine(3);
  const cell = value.map((wide) => Number(wide & 0xffff_ffffn));
  fc.assert(
    fc.property(
      fc.integer({ min: 0x1ff8, max: 0x2038 }),
      fc.array(cell, { maxLength: 9 }),
      fc.nat(9),
      (token, args, results) => {
        machine.states[1] = 'stopped';
        const { status, returns } = machine.rtas(token, args, results);
        assert.equal(status, 0n);
        if (results > 0 && (token < 0x2000 || token > 0x202c)) assert.equal(returns[0], -3);
      },
    ),
    { numRuns: 10_000 },
  );
});

test('random blocks as cells of RTAS and the client interface', () => {
  const machine = dirtyMachine(4);
  fc.assert(
    fc.property(fc.constantFrom(0xf000, 0xf005), value, (number, address) => {
      const { status } = machine.call(number, [address]);
      assert.ok(status === 0n || status === -1n || status === -4n, String(status));
    }),
    { numRuns: 5000 },
  );
});

test('random cells for every service of the client interface', () => {
  const machine = dirtyMachine(5);
  const services = [
    ...['finddevice', 'getprop', 'getproplen', 'nextprop', 'setprop', 'child', 'peer', 'parent', 'canon', 'test'],
    ...['instance-to-path', 'instance-to-package', 'package-to-path', 'open', 'close', 'read', 'write', 'seek'],
    ...['claim', 'release', 'call-method', 'milliseconds', 'quiesce', 'interpret', 'no-such-service'],
  ];
  const handles = [0, 1, 2, 0x1111, 0x1112, 0x1113, 0x1114, 0xffff_ffff, 0x50_0000, ram - 1, ram];
  const cell = fc.oneof(
    fc.constantFrom<number | string>(...handles, '/', '/chosen', 'bootargs', 'device_type', 'instantiate-rtas', ''),
    fc.nat(0xffff_ffff),
  );
  fc.assert(
    fc.property(fc.constantFrom(...services), fc.array(cell, { maxLength: 6 }), fc.nat(4), (service, args, results) => {
      const { status } = machine.prom(service, args, results);
      assert.ok(status === 0n || status === -1n);
      if (service === 'interpret' || service === 'no-such-service') assert.equal(status, -1n);
      machine.output = '';
    }),
    { numRuns: 10_000 },
  );
});

test('random bytes as a request of client-architecture-support', () => {
  const machine = dirtyMachine(6);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
      machine.memory.fill(0x60_0000, 0x100, 0);
      machine.memory.writeBytes(0x60_0000, bytes);
      const { status } = machine.call(0xf002, [0x60_0000n, 0x61_0000n, 0x2_0000n]);
      assert.ok(documented.has(status));
    }),
    { numRuns: 3000 },
  );
});

test('a client that sets properties and claims memory without end is refused at a bound', () => {
  const machine = dirtyMachine(7);
  const chosen = machine.prom('finddevice', ['/chosen']).returns[0] ?? 0;
  let set = 0;
  while (machine.prom('setprop', [chosen, `p${set}`, 0x60_0000, 0x8000]).returns[0] === 0x8000) set++;
  assert.ok(set >= 16 && set <= 64);
  let claimed = 0;
  while (machine.prom('claim', [0, 1, 1]).returns[0] !== 0xffff_ffff) claimed++;
  assert.ok(claimed <= 4096);
  let opened = 0;
  while (machine.prom('open', ['/']).returns[0] !== 0) opened++;
  assert.ok(opened <= 256);
});
