// The whole device tree of a machine, before or after client-architecture-support.
import { cells, strings } from '../fdt/property-value.ts';
import { DeviceNode, DeviceTree } from '../fdt/tree.ts';
import { chosenNode } from './chosen.ts';
import { cpusNode } from './cpus.ts';
import { eventSourcesNode } from './event-sources.ts';
import { interruptControllerNode } from './interrupt-controller.ts';
import { memoryNodes } from './memory.ts';
import { pciHostNode } from './pci-host.ts';
import { rootNode } from './root.ts';
import { rtasNode } from './rtas-node.ts';
import { firstPhandle, type TreeInputs } from './tree-inputs.ts';
import { vdeviceNode } from './vdevice.ts';

/** Where NVDIMMs would be listed. */
function persistentMemoryNode(): DeviceNode {
  return new DeviceNode('ibm,persistent-memory', {
    device_type: strings('ibm,persistent-memory'),
    '#address-cells': cells(1),
    '#size-cells': cells(0),
  });
}

/** Adds the calls of dynamic DMA windows to the bridge: their tokens, when they exist. (PAPR, "ibm,ddw-applicable") */
function withDynamicWindows(host: DeviceNode, { environment }: TreeInputs): DeviceNode {
  if (!environment.traits.dynamicDmaWindows) return host;
  const token = (name: string) => environment.rtasCalls.find((call) => call.name === name)?.token;
  const query = token('ibm,query-pe-dma-window');
  const create = token('ibm,create-pe-dma-window');
  const remove = token('ibm,remove-pe-dma-window');
  const reset = token('ibm,reset-pe-dma-window');
  if (query === undefined || create === undefined || remove === undefined || reset === undefined) return host;
  host.properties.set('ibm,ddw-applicable', cells(query, create, remove));
  // Two extensions: the reset call, and 64-bit numbers of windows and pages in the query.
  host.properties.set('ibm,ddw-extensions', cells(2, reset, 1));
  return host;
}

/**
 * Builds the tree. `earlier` are the phandles of the tree that it replaces, by path, which nodes keep.
 */
export function buildDeviceTree(inputs: TreeInputs, earlier?: ReadonlyMap<string, number>): DeviceTree {
  const root = rootNode(inputs).add(
    ...(inputs.environment.traits.nvdimm ? [persistentMemoryNode()] : []),
    chosenNode(inputs),
    rtasNode(inputs),
    eventSourcesNode(inputs),
    cpusNode(inputs),
    withDynamicWindows(pciHostNode(inputs), inputs),
    vdeviceNode(inputs),
    ...memoryNodes(inputs),
    interruptControllerNode(inputs),
  );
  const { kernel, initrd } = inputs.boot;
  const reservations = [kernel, initrd]
    .filter((range) => range !== undefined)
    .map(({ address, size }) => ({ address: BigInt(address), size: BigInt(size) }));
  return new DeviceTree(root, reservations).number(firstPhandle, earlier);
}
