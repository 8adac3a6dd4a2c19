// /event-sources: interrupts that announce RTAS events. (PAPR, "event-sources node")
import { cells, empty } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import { interruptSource } from './interrupt-numbers.ts';
import type { TreeInputs } from './tree-inputs.ts';

const edge = 0;

export function eventSourcesNode({ environment }: TreeInputs): DeviceNode {
  // Machine types without an own source for them announce plugging by EPOW events.
  const { modernHotplugEvents } = environment.traits;
  const node = new DeviceNode('event-sources', {
    'interrupt-controller': empty,
    '#interrupt-cells': cells(2),
    'interrupt-ranges': cells(interruptSource.epow, 1, ...(modernHotplugEvents ? [interruptSource.hotPlug, 1] : [])),
  });
  if (modernHotplugEvents)
    node.add(new DeviceNode('hot-plug-events', { interrupts: cells(interruptSource.hotPlug, edge) }));
  return node.add(new DeviceNode('epow-events', { interrupts: cells(interruptSource.epow, edge) }));
}
