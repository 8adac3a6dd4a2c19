// The platform as a booting kernel uses it: entry state, client interface, negotiation, RTAS, secondary vCPUs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casRequestBytes } from './cas-request-bytes.ts';
import { readFdt } from './fdt/reader.ts';
import { msrBit, spr } from './registers.ts';
import { TestMachine } from './test-support.ts';

const casAddress = 0x72_0000;

function negotiate(machine: TestMachine, bytes = casRequestBytes()): readonly number[] {
  machine.memory.writeBytes(casAddress, bytes);
  const [root = 0] = machine.prom('open', ['/']).returns;
  return machine.prom('call-method', ['ibm,client-architecture-support', root, casAddress], 2).returns;
}

test('entry state of a kernel: 32-bit big-endian real mode, initrd in r3/r4, client interface in r5', () => {
  const machine = new TestMachine({ cpu: 'power9', cpus: '2' });
  const vcpu = machine.vcpu();
  assert.equal(vcpu.nip, 0x40_0000n);
  assert.equal(vcpu.msr, msrBit.ME);
  assert.deepEqual([vcpu.gpr(3), vcpu.gpr(4)], [0x60_0000n, 0x1234n]);
  const stub = Number(vcpu.gpr(5));
  // or r4,r3,r3 or ori r4,r3,0; r3 = 0xf005; sc 1; blr
  assert.deepEqual(
    [0, 4, 8, 12, 16].map((at) => machine.memory.read32(stub + at)),
    [0x6064_0000, 0x3860_0000, 0x6063_f005, 0x4400_0022, 0x4e80_0020],
  );
  assert.ok(vcpu.gpr(1) % 16n === 0n && vcpu.gpr(1) > BigInt(stub + 20));
  assert.equal(vcpu.spr(spr.LPCR), 0x3_f008n);
  assert.equal(machine.vcpu(1).spr(spr.LPCR), 0x2_0008n);
  assert.equal(machine.controller, 'power-on');
});

test('entry state of POWER8: no large decrementer in LPCR', () => {
  const machine = new TestMachine({ cpu: 'power8' });
  assert.equal(machine.vcpu().spr(spr.LPCR), 0x1_f008n);
});

test('entry state of firmware: 0x100, flattened tree in r3', () => {
  const machine = new TestMachine({ cpu: 'power9', memory: '256' }, 0x1000_0000, {
    kind: 'firmware',
    commandLine: '',
  });
  const vcpu = machine.vcpu();
  assert.equal(vcpu.nip, 0x100n);
  assert.equal(vcpu.gpr(3), 0x0fe0_0000n);
  const at = Number(vcpu.gpr(3));
  const tree = readFdt(machine.memory.readBytes(at, machine.memory.read32(at + 4)));
  assert.equal(tree.find('/chosen')?.properties.has('stdout'), false);
  assert.ok(tree.find('/rtas') !== undefined);
});

test('a kernel walks the whole tree by child, peer and parent and meets each node once', () => {
  const machine = new TestMachine({ cpu: 'power9', cpus: '2' });
  const one = (service: string, phandle: number): number => machine.prom(service, [phandle]).returns[0] ?? -1;
  const met: number[] = [];
  let node = one('peer', 0);
  while (node !== 0) {
    met.push(node);
    let next = one('child', node) || one('peer', node);
    while (next === 0 && node !== 0) {
      node = one('parent', node);
      next = node === 0 ? 0 : one('peer', node);
    }
    node = next;
  }
  assert.equal(met.length, 16);
  assert.equal(new Set(met).size, met.length);
});

test('negotiation of XIVE and radix: level, controller and tree change, handles and kernel properties stay', () => {
  const machine = new TestMachine({ cpu: 'power9', cpus: '2' });
  const chosen = machine.prom('finddevice', ['/chosen']).returns[0] ?? 0;
  const [stdout] = machine.prom('getprop', [chosen, 'stdout', 0x73_0000, 4]).returns;
  assert.equal(stdout, 4);
  machine.prom('setprop', [chosen, 'linux,stdout-path', machine.text(0x73_0100, '/x'), 3]);
  assert.deepEqual(negotiate(machine), [0, 0]);
  assert.equal(machine.controller, 'xive');
  assert.equal(machine.prom('finddevice', ['/chosen']).returns[0], chosen);
  assert.equal(machine.prom('getprop', [chosen, 'linux,stdout-path', 0x73_0000, 16]).returns[0], 3);
  assert.equal(machine.memory.readString(0x73_0000), '/x');
  const tree = readFdt(machine.platform.flattenedDeviceTree()).number(1);
  assert.deepEqual([...(tree.find('/cpus/PowerPC,POWER9@0')?.properties.get('cpu-version') ?? [])], [0x0f, 0, 0, 5]);
  const controller = tree.find('/interrupt-controller@60302031b0000');
  assert.equal(controller?.phandle, 0x1111);
  // The console opened before is the console now.
  assert.equal(machine.prom('write', [1, machine.text(0x73_0200, 'still here'), 10]).returns[0], 10);
  machine.prom('quiesce', [], 0);
  machine.prom('write', [1, machine.text(0x73_0200, ' and there'), 10]);
  assert.equal(machine.output, 'still here and there');
});

test('instantiate-rtas writes a blob that makes the private hypercall and returns', () => {
  const machine = new TestMachine({ cpu: 'power9' });
  const [rtas = 0] = machine.prom('open', ['/rtas']).returns;
  const { returns } = machine.prom('call-method', ['instantiate-rtas', rtas, 0x50_0000], 2);
  assert.deepEqual(returns, [0, 0x50_0000]);
  assert.equal(machine.memory.read32(0x50_0008), 0x6063_f000);
});

test('claim gives free memory only, and memory that was released again', () => {
  const machine = new TestMachine({ cpu: 'power9' });
  const claim = (...args: number[]) => machine.prom('claim', args).returns[0];
  assert.equal(claim(0x50_0000, 0x1000, 0), 0x50_0000);
  assert.equal(claim(0x50_0800, 0x1000, 0), 0xffff_ffff);
  assert.equal(claim(0x40_0000, 0x1000, 0), 0xffff_ffff, 'the kernel lies there');
  assert.equal(claim(0x7f_f000, 0x2000, 0), 0xffff_ffff, 'not RAM');
  machine.prom('release', [0x50_0000, 0x1000], 0);
  assert.equal(claim(0x50_0800, 0x1000, 0), 0x50_0800);
  assert.equal(claim(0, 0x1000, 0x1000), 0x1000, 'the lowest free multiple of the alignment');
});

test('start-cpu enters a stopped vCPU big-endian with the partition-wide bits of its starter', () => {
  const machine = new TestMachine({ cpu: 'power9', cpus: '2' });
  assert.equal(machine.call(0x31c, [3n, 3n]).status, 0n);
  assert.equal(machine.call(0x31c, [1n, 4n]).status, 0n);
  assert.equal(machine.call(0x37c, [0x1dn, 0x10_0000n, 0n, 12n]).status, 0n);
  assert.equal(machine.vcpu().spr(spr.LPCR), 0x3d3_f408n);
  assert.deepEqual(machine.rtas(0x2005, [1], 2).returns, [0, 0]);
  assert.deepEqual(machine.rtas(0x2006, [1, 0xcee4, 1], 1).returns, [0]);
  const vcpu = machine.vcpu(1);
  assert.equal(machine.states[1], 'running');
  assert.equal(vcpu.nip, 0xcee4n);
  assert.equal(vcpu.msr, msrBit.SF | msrBit.ME);
  assert.deepEqual([vcpu.gpr(3), vcpu.gpr(4)], [1n, 0n]);
  assert.equal(vcpu.spr(spr.LPCR), 0x3d3_f408n);
  assert.deepEqual(machine.rtas(0x2006, [1, 0xcee4, 1], 1).returns, [-1], 'it runs already');
  assert.deepEqual(machine.rtas(0x2006, [2, 0xcee4, 1], 1).returns, [-3], 'there is none');
});

test('reset takes negotiation, claims and properties back', () => {
  const machine = new TestMachine({ cpu: 'power9', cpus: '2' });
  const before = machine.platform.flattenedDeviceTree();
  const chosen = machine.prom('finddevice', ['/chosen']).returns[0] ?? 0;
  machine.prom('setprop', [chosen, 'x', 0x73_0100, 8]);
  machine.prom('claim', [0x50_0000, 0x1000, 0]);
  negotiate(machine);
  machine.call(0x31c, [3n, 3n]);
  assert.notDeepEqual(machine.platform.flattenedDeviceTree(), before);
  machine.platform.reset();
  assert.deepEqual(machine.platform.flattenedDeviceTree(), before);
  assert.equal(machine.controller, 'power-on');
  assert.equal(machine.vcpu().spr(spr.LPCR), 0x3_f008n);
});
