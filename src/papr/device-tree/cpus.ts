// /cpus: one node for each core. (PAPR, "CPU node properties"; specification section 7.3 for what the level changes)
import { cells, empty, type PropertyValue, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import type { Negotiated } from '../negotiated.ts';
import { serverOf } from '../platform-environment.ts';
import { connectorBase, connectorProperties } from './connectors.ts';
import type { TreeInputs } from './tree-inputs.ts';

function optional(condition: boolean, properties: Record<string, PropertyValue>): Record<string, PropertyValue> {
  return condition ? properties : {};
}

/** Byte of `ibm,pa-features`, its two header bytes included, with the bit for radix. */
const radixFeature = { offset: 2 + 40, mask: 0x80 } as const;

function paFeatures({ level, knowsIsa300 }: Negotiated): PropertyValue {
  const bytes = Uint8Array.from(level.paFeatures);
  const byte = bytes[radixFeature.offset];
  if (byte !== undefined && !knowsIsa300) bytes[radixFeature.offset] = byte & ~radixFeature.mask;
  return bytes;
}

function coreNode({ environment, negotiated }: TreeInputs, core: number): DeviceNode {
  const { cpu, smp, traits } = environment;
  const { level } = negotiated;
  const first = core * smp.vsmt;
  const shown = Math.min(smp.threads, level.maxThreads, smp.cpus - core * smp.threads);
  const servers = Array.from({ length: shown }, (_, thread) => first + thread);
  return new DeviceNode(`${cpu.nodeName}@${first.toString(16)}`, {
    device_type: strings('cpu'),
    reg: cells(first),
    status: strings('okay'),
    ...optional(traits.cpuHotplug, { 'ibm,my-drc-index': cells(connectorBase.cpu + first) }),
    'ibm,chip-id': cells(Math.floor(core / smp.cores)),
    'cpu-version': cells(level.version),
    'd-cache-block-size': cells(cpu.cacheLine),
    'd-cache-line-size': cells(cpu.cacheLine),
    'd-cache-size': cells(cpu.l1DataCache),
    'i-cache-block-size': cells(cpu.cacheLine),
    'i-cache-line-size': cells(cpu.cacheLine),
    'i-cache-size': cells(cpu.l1InstructionCache),
    'timebase-frequency': cells(cpu.timebaseFrequency),
    'clock-frequency': cells(cpu.clockFrequency),
    'slb-size': cells(cpu.slbEntries),
    'ibm,slb-size': cells(cpu.slbEntries),
    '64-bit': empty,
    'ibm,purr': cells(1),
    'ibm,spurr': cells(1),
    'ibm,processor-segment-sizes': cells(...cpu.segmentSizes),
    'ibm,segment-page-sizes': cells(...cpu.segmentPageSizes),
    'ibm,pft-size': cells(0, cpu.hptShift),
    'ibm,ppc-interrupt-server#s': cells(...servers),
    'ibm,ppc-interrupt-gserver#s': cells(...servers.flatMap((server) => [server, 0])),
    ...optional(cpu.vmx > 0, { 'ibm,vmx': cells(cpu.vmx) }),
    ...optional(cpu.dfp, { 'ibm,dfp': cells(1) }),
    ...optional(level.paFeatures.length > 0, { 'ibm,pa-features': paFeatures(negotiated) }),
    ...optional(level.piFeatures.length > 0, { 'ibm,pi-features': Uint8Array.from(level.piFeatures) }),
    ...optional(cpu.decrementerBits > 0, { 'ibm,dec-bits': cells(cpu.decrementerBits) }),
    ...optional(cpu.radixApEncodings.length > 0, {
      'ibm,processor-radix-AP-encodings': cells(...cpu.radixApEncodings),
    }),
  });
}

export function cpusNode(inputs: TreeInputs): DeviceNode {
  const { smp, traits } = inputs.environment;
  const cores = Array.from({ length: Math.ceil(smp.maxCpus / smp.threads) }, (_, core) => core);
  const connectors = cores.map((core) => {
    const server = serverOf(inputs.environment, core * smp.threads);
    return { index: connectorBase.cpu + server, name: `CPU ${server}`, type: 'CPU' };
  });
  return new DeviceNode('cpus', {
    '#address-cells': cells(1),
    '#size-cells': cells(0),
    ...optional(traits.cpuHotplug, connectorProperties(connectors)),
  }).add(...cores.slice(0, Math.ceil(smp.cpus / smp.threads)).map((core) => coreNode(inputs, core)));
}
