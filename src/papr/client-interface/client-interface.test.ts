// Services of the client interface one by one, and a tree that a user gave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casRequestBytes } from '../cas-request-bytes.ts';
import { FdtError } from '../fdt/fdt-error.ts';
import { cells, strings } from '../fdt/property-value.ts';
import { DeviceNode, DeviceTree } from '../fdt/tree.ts';
import { writeFdt } from '../fdt/writer.ts';
import { TestMachine } from '../test-support.ts';

const none = 0xffff_ffff;
const buffer = 0x60_0000;

const power9 = (): TestMachine => new TestMachine({ cpu: 'power9' });

/** The first return cell. */
function one(machine: TestMachine, service: string, ...args: (number | string)[]): number {
  return machine.prom(service, args).returns[0] ?? none;
}

test('finddevice: paths with and without unit address, -1 for what is not there', () => {
  const machine = power9();
  assert.equal(one(machine, 'finddevice', '/vdevice/vty'), one(machine, 'finddevice', '/vdevice/vty@71000000'));
  assert.equal(one(machine, 'finddevice', '/vdevice/vtpm'), none);
  assert.equal(one(machine, 'finddevice', 'vty'), none);
  assert.equal(one(machine, 'finddevice', 0xffff_0000), none);
});

test('getprop cuts at the buffer and tells the true length; name is made from the node', () => {
  const machine = power9();
  const root = one(machine, 'finddevice', '/');
  machine.memory.fill(buffer, 16, 0xee);
  assert.equal(one(machine, 'getprop', root, 'compatible', buffer, 4), 13);
  assert.deepEqual([...machine.memory.readBytes(buffer, 5)], [...Buffer.from('qemu'), 0xee]);
  assert.equal(one(machine, 'getproplen', root, 'compatible'), 13);
  assert.equal(one(machine, 'getprop', root, 'no-such', buffer, 4), none);
  assert.equal(one(machine, 'getprop', 0x99, 'compatible', buffer, 4), none);
  const vty = one(machine, 'finddevice', '/vdevice/vty');
  assert.equal(one(machine, 'getprop', vty, 'name', buffer, 16), 4);
  assert.equal(machine.memory.readString(buffer), 'vty');
});

test('nextprop goes through every property once and ends with 0 and an empty name', () => {
  const machine = power9();
  const memory = one(machine, 'finddevice', '/memory@0');
  const names: string[] = [];
  while (one(machine, 'nextprop', memory, names.at(-1) ?? '', buffer) === 1) {
    names.push(machine.memory.readString(buffer) ?? '');
  }
  assert.deepEqual(names, ['device_type', 'reg', 'ibm,associativity', 'available', 'phandle']);
  assert.equal(machine.memory.readString(buffer), '');
  assert.equal(one(machine, 'nextprop', memory, 'no-such', buffer), none);
});

test('setprop adds and replaces, and leaves what identifies a node alone', () => {
  const machine = power9();
  const chosen = one(machine, 'finddevice', '/chosen');
  machine.text(buffer, 'abc');
  assert.equal(one(machine, 'setprop', chosen, 'new', buffer, 4), 4);
  assert.equal(one(machine, 'setprop', chosen, 'bootargs', buffer, 2), 2);
  assert.equal(one(machine, 'getproplen', chosen, 'bootargs'), 2);
  for (const name of ['name', 'phandle', 'linux,phandle', '']) {
    assert.equal(one(machine, 'setprop', chosen, name, buffer, 4), none);
  }
  assert.equal(one(machine, 'setprop', chosen, 'big', buffer, 0x7fff_ffff), none);
  assert.equal(machine.prom('setprop', [chosen, 'wild', 0x7f_ffff, 4]).status, -1n);
});

test('instances: the console is 1, others are opened and closed', () => {
  const machine = power9();
  assert.equal(one(machine, 'instance-to-package', 1), one(machine, 'finddevice', '/vdevice/vty'));
  assert.equal(one(machine, 'instance-to-path', 1, buffer, 255), 22);
  assert.equal(machine.memory.readString(buffer), '/vdevice/vty@71000000');
  const handle = one(machine, 'open', '/memory');
  assert.ok(handle > 1);
  assert.equal(one(machine, 'instance-to-path', handle, buffer, 4), 10);
  assert.deepEqual([...machine.memory.readBytes(buffer, 5)], [...Buffer.from('/memv')], 'cut at the buffer');
  machine.prom('close', [handle], 0);
  assert.equal(one(machine, 'instance-to-package', handle), none);
  assert.equal(one(machine, 'open', '/no-such'), 0);
  assert.equal(one(machine, 'package-to-path', one(machine, 'finddevice', '/cpus'), buffer, 99), 6);
  assert.equal(one(machine, 'canon', '/vdevice/vty', buffer, 99), 22);
});

test('read gives console input, or says that there is none', () => {
  const machine = power9();
  assert.equal(one(machine, 'read', 1, buffer, 8), 0xffff_fffe);
  machine.input = [65, 66];
  assert.equal(one(machine, 'read', 1, buffer, 8), 2);
  assert.equal(machine.memory.read16(buffer), 0x4142);
  assert.equal(one(machine, 'read', 7, buffer, 8), none);
  assert.equal(one(machine, 'write', 7, buffer, 2), none);
});

test('unknown services and methods, too few or too many cells fail and change nothing', () => {
  const machine = power9();
  assert.equal(machine.prom('interpret', ['bye']).status, -1n);
  assert.equal(machine.prom('getprop', [1, 2]).status, -1n);
  assert.equal(
    machine.prom(
      'child',
      Array.from({ length: 40 }, () => 0),
    ).status,
    -1n,
  );
  const root = one(machine, 'open', '/');
  assert.deepEqual(machine.prom('call-method', ['no-such', root], 2).returns, [none, 0]);
  assert.deepEqual(machine.prom('call-method', ['instantiate-rtas', root, 0x50_0000], 2).returns, [none, 0]);
  assert.equal(one(machine, 'test', 'finddevice'), 0);
  assert.equal(one(machine, 'test', 'interpret'), none);
  assert.equal(one(machine, 'milliseconds'), 1000);
});

test('boot restarts, exit ends with a reason', () => {
  const machine = power9();
  assert.deepEqual(machine.prom('boot', ['disk']).effect, { kind: 'reset' });
  assert.equal(machine.prom('exit', [], 0).effect.kind, 'guest-panic');
});

test('claims are taken out of what the memory node calls available', () => {
  const machine = power9();
  const memory = one(machine, 'finddevice', '/memory@0');
  const available = (): number[] => {
    const length = one(machine, 'getprop', memory, 'available', buffer, 0x1000);
    return Array.from({ length: length / 8 }, (_, n) => Number(machine.memory.read64(buffer + 8 * n)));
  };
  const before = available();
  assert.deepEqual(before, [0x500, 0x7b00, 0x1_0000, 0x3f_0000, 0x50_0000, 0x10_0000, 0x60_1234, 0x3f9f_edcc]);
  one(machine, 'claim', 0x58_0000, 0x1000, 0);
  assert.deepEqual(available().slice(4, 8), [0x50_0000, 0x8_0000, 0x58_1000, 0x7_f000]);
  machine.prom('release', [0x58_0000, 0x1000], 0);
  assert.deepEqual(available(), before);
});

test('a tree that a user gave is shown instead, and told what was negotiated', () => {
  const root = new DeviceNode('', { model: strings('mine') }).add(
    new DeviceNode('chosen'),
    new DeviceNode('cpus').add(new DeviceNode('PowerPC,POWER9@0', { 'cpu-version': cells(0x4e_1200) })),
  );
  const machine = new TestMachine({ cpu: 'power9' }, undefined, undefined, undefined, {
    deviceTree: writeFdt(new DeviceTree(root)),
  });
  assert.equal(one(machine, 'getproplen', one(machine, 'finddevice', '/'), 'model'), 5);
  assert.equal(one(machine, 'finddevice', '/rtas'), none);
  machine.memory.writeBytes(buffer, casRequestBytes());
  const handle = one(machine, 'open', '/');
  assert.deepEqual(machine.prom('call-method', ['ibm,client-architecture-support', handle, buffer], 2).returns, [0, 0]);
  one(machine, 'getprop', one(machine, 'finddevice', '/cpus/PowerPC,POWER9'), 'cpu-version', buffer, 4);
  assert.equal(machine.memory.read32(buffer), 0x0f00_0005);
  assert.equal(one(machine, 'getproplen', one(machine, 'finddevice', '/chosen'), 'ibm,architecture-vec-5'), 27);
  assert.equal(one(machine, 'finddevice', '/interrupt-controller@60302031b0000'), 0x1111);
  assert.equal(one(machine, 'getproplen', one(machine, 'finddevice', '/'), 'model'), 5);
  assert.throws(
    () => new TestMachine({ cpu: 'power9' }, undefined, undefined, undefined, { deviceTree: new Uint8Array(50) }),
    FdtError,
  );
});
