// The machine's tree property by property: values that kernels were seen to get on this platform, POWER8 to POWER10.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casRequestBytes } from '../cas-request-bytes.ts';
import { cells, cellsOf } from '../fdt/property-value.ts';
import { readFdt } from '../fdt/reader.ts';
import { type DeviceTree, nodesFrom } from '../fdt/tree.ts';
import { TestMachine } from '../test-support.ts';

/** A value: cells, texts (each with its NUL), bytes, or nothing. */
type Expected = readonly number[] | string | { readonly texts: readonly string[] } | { readonly bytes: string } | '';

function bytesOf(expected: Expected): string {
  if (typeof expected === 'string') return expected === '' ? '' : Buffer.from(`${expected}\0`).toString('hex');
  if ('bytes' in expected) return expected.bytes.replaceAll(' ', '');
  if ('texts' in expected) return Buffer.from(expected.texts.map((text) => `${text}\0`).join('')).toString('hex');
  const buffer = Buffer.alloc(4 * expected.length);
  expected.forEach((cell, n) => {
    buffer.writeUInt32BE(cell >>> 0, 4 * n);
  });
  return buffer.toString('hex');
}

type NodeTable = Readonly<Record<string, Readonly<Record<string, Expected>>>>;

/** What does not depend on the CPU or on negotiation. */
const fixed: NodeTable = {
  '/': {
    device_type: 'chrp',
    compatible: 'qemu,pseries',
    model: 'IBM pSeries (emulated by qemu)',
    '#address-cells': [2],
    '#size-cells': [2],
    'vm,uuid': '00000000-0000-0000-0000-000000000000',
  },
  '/ibm,persistent-memory': { device_type: 'ibm,persistent-memory', '#address-cells': [1], '#size-cells': [0] },
  '/chosen': {
    bootargs: 'console=hvc0',
    'linux,pci-probe-only': [0],
    'linux,initrd-start': [0x60_0000],
    'linux,initrd-end': [0x60_1234],
    'stdout-path': '/vdevice/vty@71000000',
    stdout: [1],
    'qemu,boot-kernel': [0, 0x40_0000, 0, 0x10_0000],
    'qemu,boot-kernel-le': '',
    'qemu,graphic-width': [0x320],
    'qemu,graphic-height': [0x258],
    'qemu,graphic-depth': [0x20],
  },
  '/rtas': {
    'display-character': [0x2000],
    'get-time-of-day': [0x2001],
    'power-off': [0x2003],
    'start-cpu': [0x2006],
    'ibm,set-xive': [0x200a],
    'event-scan': [0x200f],
    'ibm,nmi-interlock': [0x202c],
    'rtas-size': [0x83c],
    'rtas-error-log-max': [0x800],
    'rtas-event-scan-rate': [1],
    'ibm,extended-os-term': '',
    'ibm,lrdr-capacity': [0, 0, 0, 0x1000_0000, 2],
    'ibm,hypertas-functions': {
      texts: [
        ...['hcall-pft', 'hcall-term', 'hcall-dabr', 'hcall-interrupt', 'hcall-tce', 'hcall-vio', 'hcall-splpar'],
        ...['hcall-join', 'hcall-bulk', 'hcall-set-mode', 'hcall-sprg0', 'hcall-copy', 'hcall-debug', 'hcall-vphn'],
        ...['hcall-multi-tce', 'hcall-hpt-resize', 'hcall-watchdog'],
      ],
    },
    'qemu,hypertas-functions': 'hcall-memop1',
  },
  '/event-sources': {
    '#interrupt-cells': [2],
    'interrupt-controller': '',
    'interrupt-ranges': [0x1000, 1, 0x1001, 1],
  },
  '/event-sources/hot-plug-events': { interrupts: [0x1001, 0] },
  '/event-sources/epow-events': { interrupts: [0x1000, 0] },
  '/cpus': { '#address-cells': [1], '#size-cells': [0], 'ibm,drc-indexes': [2, 0x1000_0000, 0x1000_0001] },
  '/vdevice': {
    device_type: 'vdevice',
    compatible: 'IBM,vdevice',
    '#address-cells': [1],
    '#size-cells': [0],
    '#interrupt-cells': [2],
    'interrupt-controller': '',
  },
  '/vdevice/vty@71000000': {
    device_type: 'serial',
    compatible: 'hvterm1',
    reg: [0x7100_0000],
    interrupts: [0x1100, 0],
  },
  '/vdevice/nvram@71000001': {
    device_type: 'nvram',
    compatible: 'qemu,spapr-nvram',
    reg: [0x7100_0001],
    interrupts: [0x1101, 0],
    '#bytes': [0x1_0000],
  },
  '/memory@0': { device_type: 'memory', reg: [0, 0, 0, 0x4000_0000] },
  '/pci@800000020000000': {
    device_type: 'pci',
    compatible: 'IBM,Logical_PHB',
    reg: [0x800_0000, 0x2000_0000, 0, 0],
    '#address-cells': [3],
    '#size-cells': [2],
    '#interrupt-cells': [1],
    'bus-range': [0, 0xff],
    'used-by-rtas': '',
    'ibm,pci-config-space-type': [1],
    'ibm,pe-total-#msi': [0xd00],
    'ibm,dma-window': [0x8000_0000, 0, 0, 0, 0x4000_0000],
    'ibm,ddw-applicable': [0x2026, 0x2027, 0x2028],
    'ibm,ddw-extensions': [2, 0x2029, 1],
    'interrupt-map-mask': [0xf800, 0, 0, 0xffff_ffff],
    ranges: [
      ...[0x100_0000, 0, 0, 0x2000, 0, 0, 0x1_0000],
      ...[0x200_0000, 0, 0x8000_0000, 0x2000, 0x8000_0000, 0, 0x8000_0000],
      ...[0x300_0000, 0x2100, 0, 0x2100, 0, 0x100, 0],
    ],
  },
};

/** Properties of both CPU nodes. */
const anyCpu: Readonly<Record<string, Expected>> = {
  device_type: 'cpu',
  status: 'okay',
  '64-bit': '',
  'clock-frequency': [1_000_000_000],
  'timebase-frequency': [512_000_000],
  'd-cache-size': [0x8000],
  'i-cache-size': [0x8000],
  'd-cache-block-size': [0x80],
  'i-cache-line-size': [0x80],
  'ibm,slb-size': [32],
  'ibm,pft-size': [0, 23],
  'ibm,vmx': [2],
  'ibm,dfp': [1],
  'ibm,purr': [1],
  'ibm,spurr': [1],
  'ibm,processor-segment-sizes': [28, 40, -1, -1],
  'ibm,segment-page-sizes': [12, 0, 1, 12, 0, 16, 0x110, 1, 16, 1],
};
const isa300Cpu: Readonly<Record<string, Expected>> = {
  'ibm,dec-bits': [56],
  'ibm,processor-radix-AP-encodings': [0x0000_000c, 0xa000_0010, 0x2000_0015, 0x4000_001e],
};

const xicsController: NodeTable = {
  '/interrupt-controller': {
    device_type: 'PowerPC-External-Interrupt-Presentation',
    compatible: 'IBM,ppc-xicp',
    '#interrupt-cells': [2],
    'interrupt-controller': '',
    'ibm,interrupt-server-ranges': [0, 2],
    phandle: [0x1111],
    'linux,phandle': [0x1111],
  },
};
const xiveController: NodeTable = {
  '/interrupt-controller@60302031b0000': {
    device_type: 'power-ivpe',
    compatible: 'ibm,power-ivpe',
    '#interrupt-cells': [2],
    reg: [0x6_0302, 0x31b_0000, 0, 0x1_0000, 0x6_0302, 0x31a_0000, 0, 0x1_0000],
    'ibm,xive-eq-sizes': [16],
    'ibm,xive-lisn-ranges': [0, 2],
    phandle: [0x1111],
  },
};
const form1: NodeTable = {
  '/memory@0': { 'ibm,associativity': [4, 0, 0, 0, 0] },
  '/rtas': { 'ibm,associativity-reference-points': [4, 4, 2], 'ibm,max-associativity-domains': [4, 0, 0, 0, 1] },
};
const form2: NodeTable = {
  '/memory@0': { 'ibm,associativity': [1, 0] },
  '/rtas': {
    'ibm,associativity-reference-points': [1],
    'ibm,max-associativity-domains': [1, 1],
    'ibm,numa-lookup-index-table': [1, 0],
    'ibm,numa-distance-table': { bytes: '00000001 0a' },
  },
};

function check(tree: DeviceTree, ...tables: readonly NodeTable[]): void {
  for (const table of tables) {
    for (const [path, properties] of Object.entries(table)) {
      const node = tree.find(path);
      assert.equal(node?.path, path);
      for (const [name, expected] of Object.entries(properties)) {
        const value = node?.properties.get(name);
        assert.ok(value !== undefined, `${path} lacks ${name}`);
        assert.equal(Buffer.from(value).toString('hex'), bytesOf(expected), `${path} ${name}`);
      }
    }
  }
}

function cpuTable(name: string, version: number, more: Readonly<Record<string, Expected>>): NodeTable {
  return Object.fromEntries(
    [0, 1].map((n) => [
      `/cpus/PowerPC,${name}@${n}`,
      {
        ...anyCpu,
        ...more,
        reg: [n],
        'cpu-version': [version],
        'ibm,my-drc-index': [0x1000_0000 + n],
        'ibm,ppc-interrupt-server#s': [n],
        'ibm,ppc-interrupt-gserver#s': [n, 0],
      },
    ]),
  );
}

function treeOf(machine: TestMachine): DeviceTree {
  return readFdt(machine.platform.flattenedDeviceTree());
}

function negotiate(machine: TestMachine, bytes: Uint8Array): void {
  machine.memory.writeBytes(0x72_0000, bytes);
  const [root = 0] = machine.prom('open', ['/']).returns;
  const { returns } = machine.prom('call-method', ['ibm,client-architecture-support', root, 0x72_0000], 2);
  assert.deepEqual(returns, [0, 0]);
}

/** `ibm,architecture-vec-5` with these bytes 23… */
function vector5(length: number, ...fromByte23: readonly number[]): Expected {
  const tail = fromByte23.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { bytes: `${length.toString(16)} 00 20 00 00 a0 05 ${'00'.repeat(15)} 80 ${tail}` };
}

for (const { cpu, name, raw, level } of [
  { cpu: 'power9', name: 'POWER9', raw: 0x4e, level: 0x0f00_0005 },
  { cpu: 'power10', name: 'POWER10', raw: 0x80, level: 0x0f00_0006 },
]) {
  test(`${name} tree before and after a negotiation of XIVE and radix`, () => {
    const machine = new TestMachine({ cpu, cpus: '2' });
    const before = treeOf(machine);
    check(before, fixed, xicsController, form1, {
      '/chosen': {
        'ibm,arch-vec-5-platform-support': { bytes: '1780 1880 1900 1a40' },
        'ibm,architecture-vec-5': { bytes: '0000' },
      },
    });
    // The real PVR is that of the model; its revision is not this test's.
    const [version = 0] = cellsOf(
      before.find(`/cpus/PowerPC,${name}@0`)?.properties.get('cpu-version') ?? new Uint8Array(),
    );
    assert.equal(version >>> 16, raw);
    check(before, cpuTable(name, version, isa300Cpu));
    negotiate(machine, casRequestBytes());
    const after = treeOf(machine);
    check(after, fixed, xiveController, form2, cpuTable(name, level, isa300Cpu), {
      '/': { 'ibm,plat-res-int-priorities': [7, 0xf8] },
      '/chosen': { 'ibm,architecture-vec-5': vector5(25, 0x40, 0x40, 0, 0x40) },
    });
  });
}

test('POWER8 tree: hash and XICS only, no large decrementer, no radix', () => {
  const machine = new TestMachine({ cpu: 'power8', cpus: '2' });
  const before = treeOf(machine);
  check(before, fixed, xicsController, form1, cpuTable('POWER8', 0x4d_0200, {}), {
    '/chosen': { 'ibm,arch-vec-5-platform-support': { bytes: '1700 1800 1900 1a40' } },
  });
  negotiate(machine, casRequestBytes({ xive: 0, mmu: 0, gtse: 0 }));
  const after = treeOf(machine);
  check(after, fixed, xicsController, form2, cpuTable('POWER8', 0x0f00_0004, {}), {
    '/chosen': { 'ibm,architecture-vec-5': vector5(21) },
  });
  for (const name of Object.keys(isa300Cpu)) {
    assert.equal(after.find('/cpus/PowerPC,POWER8@0')?.properties.has(name), false);
  }
});

test('every slot of the PCI host has its four pins turned by the slot number', () => {
  const map = cellsOf(
    treeOf(new TestMachine({ cpu: 'power9' }))
      .find('/pci')
      ?.properties.get('interrupt-map') ?? new Uint8Array(),
  );
  assert.equal(map.length, 32 * 4 * 7);
  assert.deepEqual(map.slice(0, 7), [0, 0, 0, 1, 0x1111, 0x1200, 1]);
  assert.deepEqual(map.slice(7 * (4 * 5 + 3), 7 * (4 * 5 + 4)), [0x2800, 0, 0, 4, 0x1111, 0x1200, 1]);
});

test('threads share a core node, and a level that shows fewer shows fewer', () => {
  const shape = { cpu: 'power9', cpus: '8', threads: '8', cores: '1', sockets: '1' };
  const tree = treeOf(new TestMachine(shape));
  assert.equal(tree.find('/cpus')?.children.length, 1);
  const servers = tree.find('/cpus')?.children[0]?.properties.get('ibm,ppc-interrupt-server#s');
  assert.deepEqual(cellsOf(servers ?? new Uint8Array()), [0, 1, 2, 3, 4, 5, 6, 7]);
  const capacity = tree.find('/rtas')?.properties.get('ibm,lrdr-capacity');
  assert.equal(cellsOf(capacity ?? new Uint8Array())[4], 1, 'cores, of which a guest knows the threads');
  const power7 = treeOf(new TestMachine({ ...shape, 'max-cpu-compat': 'power7' }));
  const fewer = power7.find('/cpus')?.children[0]?.properties.get('ibm,ppc-interrupt-server#s');
  assert.deepEqual(cellsOf(fewer ?? new Uint8Array()), [0, 1, 2, 3]);
});

test('a client that predates ISA 3.00 does not see the radix feature bit', () => {
  const machine = new TestMachine({ cpu: 'power9' });
  const radixByte = (): number | undefined =>
    treeOf(machine).find('/cpus')?.children[0]?.properties.get('ibm,pa-features')?.[42];
  assert.equal(radixByte(), 0x80);
  negotiate(machine, casRequestBytes({ xive: 0, mmu: 0, gtse: 0, isa300: 0x40 }));
  assert.equal(radixByte(), 0);
});

test('phandles are unique, and the interrupt controller keeps its own through negotiation', () => {
  const machine = new TestMachine({ cpu: 'power9', cpus: '2' });
  const handles = [...nodesFrom(treeOf(machine).number(1).root)].map(({ phandle }) => phandle);
  assert.equal(new Set(handles).size, handles.length);
  assert.ok(handles.includes(0x1111));
});

test('early machine types have fewer nodes and properties', () => {
  const old = treeOf(new TestMachine({ machine: 'pseries-2.6', cpu: 'power8' }));
  const withoutSlots = treeOf(new TestMachine({ machine: 'pseries-2.3', cpu: 'power8' }));
  const oldest = treeOf(new TestMachine({ machine: 'pseries-2.4', cpu: 'power8' }));
  assert.equal(old.find('/ibm,persistent-memory'), undefined);
  assert.equal(old.find('/event-sources/hot-plug-events'), undefined);
  // Memory can be plugged from 2.5 on: lists without an entry as long as none has a place for it.
  for (const list of ['indexes', 'power-domains', 'names', 'types']) {
    assert.deepEqual(old.find('/')?.properties.get(`ibm,drc-${list}`), cells(0), list);
    assert.equal(oldest.find('/')?.properties.has(`ibm,drc-${list}`), false, list);
    // Below 2.4 there is nothing to plug into the bridge either.
    assert.deepEqual(withoutSlots.find('/pci')?.properties.get(`ibm,drc-${list}`), cells(0), list);
  }
  assert.equal(old.find('/chosen')?.properties.has('linux,pci-probe-only'), false);
  // I/O, 2 GiB of memory below 4 GiB of bus addresses, and the rest of the one window above.
  assert.deepEqual(cellsOf(old.find('/pci')?.properties.get('ranges') ?? new Uint8Array()), [
    ...[0x0100_0000, 0, 0, 0x100, 0x8000_0000, 0, 0x1_0000],
    ...[0x0200_0000, 0, 0x8000_0000, 0x100, 0xa000_0000, 0, 0x8000_0000],
    ...[0x0300_0000, 1, 0, 0x101, 0x2000_0000, 0xf, 0],
  ]);
  assert.deepEqual(
    cellsOf(old.find('/rtas')?.properties.get('ibm,associativity-reference-points') ?? new Uint8Array()),
    [4, 4],
  );
});

test('memory beyond a limited real-mode area is in further nodes', () => {
  const tree = treeOf(new TestMachine({ machine: 'pseries-4.2', cpu: 'power9', memory: '21G' }));
  const nodes = tree.root.children.filter(({ name }) => name.startsWith('memory@'));
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['memory@0', 'memory@400000000', 'memory@500000000'],
  );
  assert.deepEqual(cellsOf(nodes[1]?.properties.get('reg') ?? new Uint8Array()), [4, 0, 1, 0]);
});
