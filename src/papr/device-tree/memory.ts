// /memory@…: all RAM is in NUMA domain 0; the first node is the real-mode area. (PAPR, "memory node properties")
import type { RealRange } from '../boot-layout.ts';
import { cells, cells64, type PropertyValue, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import { hasBit, vector5Bit } from '../negotiated.ts';
import type { PlatformEnvironment } from '../platform-environment.ts';
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

/** The real-mode area, then, where that has a limit, the rest in naturally aligned powers of two. */
function pieces({ memoryBytes, rmaLimit }: PlatformEnvironment): RealRange[] {
  const first = rmaLimit === 0 ? memoryBytes : Math.min(rmaLimit, memoryBytes);
  const ranges = [{ address: 0, size: first }];
  for (let at = first; at < memoryBytes; ) {
    let size = 1;
    while (at % (2 * size) === 0 && at + 2 * size <= memoryBytes) size *= 2;
    ranges.push({ address: at, size });
    at += size;
  }
  return ranges;
}

export function memoryNodes({ environment, negotiated, taken }: TreeInputs): DeviceNode[] {
  const form2 = hasBit(negotiated.vector5, vector5Bit.form2);
  return pieces(environment).map(({ address, size }) => {
    const node = new DeviceNode(`memory@${address.toString(16)}`, {
      device_type: strings('memory'),
      reg: cells(...cells64(address), ...cells64(size)),
      'ibm,associativity': form2 ? cells(1, 0) : cells(4, 0, 0, 0, 0),
    });
    if (address === 0) node.properties.set('available', availableMemory(environment.memoryBytes, taken));
    return node;
  });
}
