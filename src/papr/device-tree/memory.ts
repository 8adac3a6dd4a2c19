// /memory@0: all RAM is one node in NUMA domain 0, the real-mode area included. (PAPR, "memory node properties")
import type { RealRange } from '../boot-layout.ts';
import { cells, cells64, type PropertyValue, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import { hasBit, vector5Bit } from '../negotiated.ts';
import type { TreeInputs } from './tree-inputs.ts';

/** The property `available`: what of `memoryBytes` no range of `taken` covers. */
export function availableMemory(memoryBytes: number, taken: readonly RealRange[]): PropertyValue {
  const free: number[] = [];
  let at = 0;
  for (const { address, size } of [...taken].sort((a, b) => a.address - b.address)) {
    if (address > at) free.push(...cells64(at), ...cells64(address - at));
    at = Math.max(at, address + size);
  }
  if (at < memoryBytes) free.push(...cells64(at), ...cells64(memoryBytes - at));
  return cells(...free);
}

export function memoryNode({ environment, negotiated, taken }: TreeInputs): DeviceNode {
  const form2 = hasBit(negotiated.vector5, vector5Bit.form2);
  return new DeviceNode('memory@0', {
    device_type: strings('memory'),
    reg: cells(0, 0, ...cells64(environment.memoryBytes)),
    'ibm,associativity': form2 ? cells(1, 0) : cells(4, 0, 0, 0, 0),
    available: availableMemory(environment.memoryBytes, taken),
  });
}
