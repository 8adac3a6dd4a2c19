// What /proc/device-tree must hold for an environment, written from PAPR's definitions of the properties and not with the code
// that builds the tree.
import { alwaysAsked } from './linux-facts.ts';
import type { Item, Subject } from './subject.ts';

/** Bytes of 32-bit cells, as hexadecimal digits. */
function cells(...values: readonly number[]): string {
  return values.map((value) => (value >>> 0).toString(16).padStart(8, '0')).join('');
}

function bytes(...values: readonly number[]): string {
  return values.map((value) => value.toString(16).padStart(2, '0')).join('');
}

function strings(...values: readonly string[]): string {
  return Buffer.from(values.map((value) => `${value}\0`).join(''), 'latin1').toString('hex');
}

const none = 'absent';

/** Bits of option vector 5 by byte number (PAPR, "ibm,architecture-vec-5"). */
const vectorBits = {
  dynamicMemory: [2, 0x20],
  form1Affinity: [5, 0x80],
  form2Affinity: [5, 0x20],
  hotplugEvents: [6, 0x04],
  hptResize: [6, 0x01],
  dynamicMemoryV2: [22, 0x80],
  xive: [23, 0x40],
  radix: [24, 0x40],
  radixGtse: [26, 0x40],
} as const;

/** What was asked for and is offered: a byte that counts what follows the first one, then bytes 1 to the last that is not 0. */
function vector5({ environment, choice }: Subject): string {
  const agreed: (keyof typeof vectorBits)[] = alwaysAsked.filter((name) => environment.optionVector5[name]);
  if (choice.interrupts === 'xive') agreed.push('xive');
  if (choice.mmu === 'radix') agreed.push('radix');
  if (choice.shootdown) agreed.push('radixGtse');
  const vector = new Uint8Array(27);
  for (const name of agreed) {
    const [byte, mask] = vectorBits[name];
    vector[byte] = (vector[byte] ?? 0) | mask;
  }
  const last = Math.max(
    1,
    vector.findLastIndex((byte) => byte !== 0),
  );
  return bytes(last - 1, ...vector.subarray(1, last + 1));
}

/** A 64-bit number as two cells. */
function cells64(value: number): string {
  return cells(Math.floor(value / 2 ** 32), value);
}

/** The node of the first thread of a core. */
function cpuProperties({ environment, choice }: Subject, first: number, threads: number): Record<string, string> {
  const { cpu, facilities, pageSizes, memory, decrementer } = environment;
  const { level } = choice;
  const servers = Array.from({ length: threads }, (_, thread) => first + thread);
  const segments = pageSizes.segments.flatMap(({ shift, slbEncoding, pages }) => [
    shift,
    slbEncoding,
    pages.length,
    ...pages.flatMap((page) => [page.shift, page.encoding]),
  ]);
  return {
    reg: cells(first),
    'cpu-version': cells(Number(level.cpuVersion)),
    'timebase-frequency': cells(environment.timebaseFrequency),
    'clock-frequency': cells(environment.clockFrequency),
    'd-cache-size': cells(cpu.l1DataCache),
    'i-cache-size': cells(cpu.l1InstructionCache),
    'd-cache-line-size': cells(cpu.cacheLine),
    'i-cache-line-size': cells(cpu.cacheLine),
    'd-cache-block-size': cells(cpu.cacheLine),
    'i-cache-block-size': cells(cpu.cacheLine),
    'slb-size': cells(cpu.slbEntries),
    'ibm,slb-size': cells(cpu.slbEntries),
    'ibm,processor-segment-sizes': cells(...environment.segmentSizes, ...[0xffff_ffff, 0xffff_ffff]),
    'ibm,segment-page-sizes': cells(...segments),
    'ibm,pft-size': cells(0, memory.hptShift.initial),
    'ibm,ppc-interrupt-server#s': cells(...servers),
    'ibm,ppc-interrupt-gserver#s': cells(...servers.flatMap((server) => [server, 0])),
    'ibm,vmx': cells(facilities.vmx),
    'ibm,dfp': facilities.dfp ? cells(1) : none,
    'ibm,pa-features': level.paFeatures.length > 0 ? bytes(...level.paFeatures) : none,
    'ibm,pi-features': level.piFeatures.length > 0 ? bytes(...level.piFeatures) : none,
    'ibm,dec-bits': decrementer.large ? cells(decrementer.bits) : none,
    // The AP encoding is in the three top bits of a cell, the shift in the low ones.
    'ibm,processor-radix-AP-encodings':
      pageSizes.radix.length > 0 ? cells(...pageSizes.radix.map(({ shift, ap }) => ((ap << 29) | shift) >>> 0)) : none,
  };
}

/** Properties of all CPU nodes, and the names of the nodes. */
function cpuNodes(subject: Subject): { names: string[]; properties: [string, string][] } {
  const { environment, choice } = subject;
  const { cpus, threads, vsmt } = environment.smp;
  const cores = Array.from({ length: Math.ceil(cpus / threads) }, (_, core) => core);
  const names = cores.map((core) => `${environment.cpu.nodeName}@${(core * vsmt).toString(16)}`);
  const properties = cores.flatMap((core) => {
    const shown = Math.min(threads, choice.level.threadsPerCore, cpus - core * threads);
    return Object.entries(cpuProperties(subject, core * vsmt, shown)).map(([name, value]): [string, string] => [
      `cpus/${names[core]}/${name}`,
      value,
    ]);
  });
  return { names, properties };
}

/** The node of the active controller, which is the only one. */
function controllerProperties({ environment, choice }: Subject): Record<string, string> {
  const range = cells(0, environment.interruptModes.servers);
  const xive = choice.interrupts === 'xive';
  return {
    compatible: strings(xive ? 'ibm,power-ivpe' : 'IBM,ppc-xicp'),
    device_type: strings(xive ? 'power-ivpe' : 'PowerPC-External-Interrupt-Presentation'),
    '#interrupt-cells': cells(2),
    'ibm,interrupt-server-ranges': xive ? none : range,
    'ibm,xive-lisn-ranges': xive ? range : none,
    // 2^16 bytes.
    'ibm,xive-eq-sizes': xive ? cells(16) : none,
  };
}

/** Names of nodes below a path. */
function children(tree: Subject['report']['tree'], parent: string, pattern: RegExp): string[] {
  const prefix = parent === '' ? '' : `${parent}/`;
  const names = [...tree.keys()]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length).split('/'))
    .filter((parts) => parts.length > 1)
    .map(([name = '']) => name);
  return [...new Set(names)].filter((name) => pattern.test(name)).sort();
}

/** @returns what is compared of the device tree. */
export function treeItems(subject: Subject): Item[] {
  const { environment, choice, report } = subject;
  const { tree } = report;
  const { interruptModes, platformSupport } = environment;
  const seen = (path: string): string => {
    const value = tree.get(path);
    return value === undefined ? none : Buffer.from(value).toString('hex');
  };
  const { names, properties } = cpuNodes(subject);
  const controllers = children(tree, '', /^interrupt-controller/);
  const support = choice.level.platformSupport ?? platformSupport;
  const expected: [string, string][] = [
    [
      'chosen/ibm,arch-vec-5-platform-support',
      bytes(...([23, 24, 25, 26] as const).flatMap((byte) => [byte, support[byte]])),
    ],
    ['chosen/ibm,architecture-vec-5', vector5(subject)],
    ...properties,
    ...Object.entries(controllerProperties(subject)).map(([name, value]): [string, string] => [
      `${controllers[0]}/${name}`,
      value,
    ]),
    ['rtas/ibm,hypertas-functions', strings(...environment.hypertasFunctions)],
    ['rtas/qemu,hypertas-functions', strings(...environment.privateFunctions)],
    ...Object.entries(environment.rtas).map(([name, token]): [string, string] => [`rtas/${name}`, cells(token)]),
    ['memory@0/reg', cells64(0) + cells64(environment.memory.size)],
    // Nothing can be plugged in these machines: the largest address that memory may get is 0.
    ['rtas/ibm,lrdr-capacity', cells64(0) + cells64(environment.memory.blockSize) + cells(environment.smp.maxCpus)],
    ['pci@800000020000000/ibm,pe-total-#msi', cells(interruptModes.msiCount)],
    ['event-sources/epow-events/interrupts', cells(interruptModes.ranges.epow, 0)],
    [
      'event-sources/hot-plug-events/interrupts',
      interruptModes.ranges.hotplug === interruptModes.ranges.epow ? none : cells(interruptModes.ranges.hotplug, 0),
    ],
    ['vdevice/vty@71000000/interrupts', cells(interruptModes.ranges.vio, 0)],
  ];
  return [
    {
      name: 'tree CPU nodes',
      expected: names.sort().join(' '),
      seen: children(tree, 'cpus', /@/).join(' '),
    },
    { name: 'tree interrupt controllers', expected: '1', seen: `${controllers.length}` },
    ...expected.map(([path, value]) => ({ name: `tree ${path}`, expected: value, seen: seen(path) })),
  ];
}
