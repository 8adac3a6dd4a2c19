// /event-sources: interrupts that announce RTAS events. (PAPR, "event-sources node")
import { cells, empty } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import { interruptSource } from './interrupt-numbers.ts';

const edge = 0;

export function eventSourcesNode(): DeviceNode {
  return new DeviceNode('event-sources', {
    'interrupt-controller': empty,
    '#interrupt-cells': cells(2),
    'interrupt-ranges': cells(interruptSource.epow, 1, interruptSource.hotPlug, 1),
  }).add(
    new DeviceNode('hot-plug-events', { interrupts: cells(interruptSource.hotPlug, edge) }),
    new DeviceNode('epow-events', { interrupts: cells(interruptSource.epow, edge) }),
  );
}
