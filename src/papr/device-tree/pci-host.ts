// The PCI host bridge, with nothing plugged in. (PAPR, "PCI host bridge node"; IEEE 1275 PCI bus binding)
import { cells, cells64, empty, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import type { PlatformEnvironment } from '../platform-environment.ts';
import { connectorBase, connectorProperties } from './connectors.ts';
import { interruptControllerPhandle, type TreeInputs } from './tree-inputs.ts';

/** The bus unit identifier, by which RTAS calls name the bridge. */
export const pciHostBuid = 0x800_0000_2000_0000n;
/** Logical I/O bus number of the default DMA window. */
export const dmaWindowLiobn = 0x8000_0000;
/** Bytes of the default DMA window, which starts at bus address 0. */
export const dmaWindowBytes = 0x4000_0000;

const level = 1;
const slots = 32;
/** First cell of a PCI unit address: space code in bits 24…25, device number in bits 11…15. */
const space = { io: 0x0100_0000, memory32: 0x0200_0000, memory64: 0x0300_0000 } as const;

/** A window of bus addresses: first cell, bus address, real address, bytes. */
type BusWindow = readonly [code: number, bus: bigint, real: bigint, bytes: bigint];

/** Where the windows of the first bridge lie; early machine types have one for memory only, and another place. */
function busWindows({ phbPlacement, phbMemoryWindow }: PlatformEnvironment['traits']): BusWindow[] {
  if (phbPlacement === '2.7') {
    // One window in real memory: what of it lies beyond 4 GiB of bus addresses is shown as 64-bit memory.
    const bytes = BigInt(phbMemoryWindow);
    const below = bytes < 0x8000_0000n ? bytes : 0x8000_0000n;
    const windows: BusWindow[] = [
      [space.io, 0n, 0x100_8000_0000n, 0x1_0000n],
      [space.memory32, 0x8000_0000n, 0x100_a000_0000n, below],
    ];
    if (bytes > below) windows.push([space.memory64, 0x1_0000_0000n, 0x101_2000_0000n, bytes - below]);
    return windows;
  }
  return [
    [space.io, 0n, 0x2000_0000_0000n, 0x1_0000n],
    [space.memory32, 0x8000_0000n, 0x2000_8000_0000n, BigInt(phbMemoryWindow)],
    [space.memory64, 0x2100_0000_0000n, 0x2100_0000_0000n, 0x100_0000_0000n],
  ];
}

/** Each slot's pins A…D, turned by the slot number over the bridge's four sources. */
function interruptMap(firstSource: number): number[] {
  const map: number[] = [];
  for (let slot = 0; slot < slots; slot++) {
    for (let pin = 1; pin <= 4; pin++) {
      const source = firstSource + ((slot + pin - 1) % 4);
      map.push(slot << 11, 0, 0, pin, interruptControllerPhandle, source, level);
    }
  }
  return map;
}

export function pciHostNode({ environment }: TreeInputs): DeviceNode {
  const { phbDynamicReconfiguration, phbHotplug } = environment.traits;
  // Without dynamic reconfiguration the lists are there and empty.
  const slotConnectors = Array.from({ length: phbDynamicReconfiguration ? 256 : 0 }, (_, devfn) => ({
    index: connectorBase.pci + devfn,
    name: `C${devfn}`,
    type: '28',
  }));
  return new DeviceNode(`pci@${pciHostBuid.toString(16)}`, {
    device_type: strings('pci'),
    compatible: strings('IBM,Logical_PHB'),
    reg: cells(...cells64(pciHostBuid), 0, 0),
    '#address-cells': cells(3),
    '#size-cells': cells(2),
    '#interrupt-cells': cells(1),
    'bus-range': cells(0, 255),
    ranges: cells(
      ...busWindows(environment.traits).flatMap(([code, bus, real, size]): number[] => [
        code,
        ...cells64(bus),
        ...cells64(real),
        ...cells64(size),
      ]),
    ),
    'used-by-rtas': empty,
    'interrupt-map-mask': cells(0xf800, 0, 0, 0xffff_ffff),
    'interrupt-map': cells(...interruptMap(environment.interruptRanges.pciLsi)),
    'ibm,pci-config-space-type': cells(1),
    'ibm,pe-total-#msi': cells(environment.msiCount),
    'ibm,#dma-address-cells': cells(2),
    'ibm,#dma-size-cells': cells(2),
    'ibm,dma-window': cells(dmaWindowLiobn, 0, 0, ...cells64(dmaWindowBytes)),
    ...(phbHotplug ? { 'ibm,my-drc-index': cells(connectorBase.phb) } : {}),
    'qemu,phb-enumerated': cells(1),
    ...connectorProperties(slotConnectors),
  });
}
