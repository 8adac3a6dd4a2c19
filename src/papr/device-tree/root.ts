// The root node. (PAPR, "Properties of the root node")
import { cells, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import { connectorBase, connectorProperties } from './connectors.ts';
import type { TreeInputs } from './tree-inputs.ts';

/** PCI host bridges that can be plugged: 0…30. */
const pluggableHosts = 31;

/** Priorities from 7 on are the platform's when XIVE is active. */
const reservedPriorities = [7, 0xf8] as const;

export function rootNode({ environment, negotiated, uuid }: TreeInputs): DeviceNode {
  const { phbHotplug, memoryHotplug } = environment.traits;
  const hosts = Array.from({ length: phbHotplug ? pluggableHosts : 0 }, (_, n) => ({
    index: connectorBase.phb + n,
    name: `PHB ${n}`,
    type: 'PHB',
  }));
  const node = new DeviceNode('', {
    device_type: strings('chrp'),
    model: strings('IBM pSeries (emulated by qemu)'),
    compatible: strings('qemu,pseries'),
    'vm,uuid': strings(uuid),
    '#address-cells': cells(2),
    '#size-cells': cells(2),
    // A machine type that can plug memory only has the lists, too: empty while there is none to plug.
    ...(phbHotplug || memoryHotplug ? connectorProperties(hosts) : {}),
  });
  if (negotiated.interruptMode === 'xive') {
    node.properties.set('ibm,plat-res-int-priorities', cells(...reservedPriorities));
  }
  return node;
}
