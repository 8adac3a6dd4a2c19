// /event-sources: interrupts that announce RTAS events. (PAPR, "event-sources node")
import { cells, empty } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import type { TreeInputs } from './tree-inputs.ts';

const edge = 0;

export function eventSourcesNode({ environment }: TreeInputs): DeviceNode {
  // Machine types without an own source for them announce plugging by EPOW events.
  const { modernHotplugEvents } = environment.traits;
  const { epow, hotplug } = environment.interruptRanges;
  const node = new DeviceNode('event-sources', {
    'interrupt-controller': empty,
    '#interrupt-cells': cells(2),
    'interrupt-ranges': cells(epow, 1, ...(modernHotplugEvents ? [hotplug, 1] : [])),
  });
  if (modernHotplugEvents) node.add(new DeviceNode('hot-plug-events', { interrupts: cells(hotplug, edge) }));
  return node.add(new DeviceNode('epow-events', { interrupts: cells(epow, edge) }));
}
