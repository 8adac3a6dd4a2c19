// What the device tree says of interrupt controllers and event sources, as data for the tree builder.
// (PAPR, "Interrupt Controllers", "Event Sources")
import { irqNumber } from './number-map.ts';
import { FIRST_RESERVED_PRIORITY } from './xive/calls.ts';
import { PAGE_SHIFT, timaAddress } from './xive/mmio.ts';

/** Value of a property: 32-bit cells, one NUL-terminated string, or nothing. */
export type TreeValue = { readonly cells: readonly number[] } | { readonly text: string } | { readonly empty: true };

/** A node's properties in order, and its children; `phandle` is left to the builder. */
export interface TreeNode {
  readonly name: string;
  readonly properties: readonly (readonly [string, TreeValue])[];
  readonly children: readonly TreeNode[];
}

/** The controller's node, a child of the root with {@link controllerPhandle}, and properties of the root itself. */
export interface ControllerTree {
  readonly node: TreeNode;
  readonly rootProperties: readonly (readonly [string, TreeValue])[];
}

/** `phandle` and `linux,phandle` of the controller's node: the same for both, since `interrupt-map` refers to it. */
export const controllerPhandle = 0x1111;

/** log₂ of the event queue size that guests are told to use. */
export const OFFERED_QUEUE_SHIFT = 16;

/** Second cell of an `interrupts` pair. */
export const trigger = { edge: 0, level: 1 } as const;

const halves = (value: bigint): number[] => [Number(value >> 32n), Number(value & 0xffff_ffffn)];

/** XICS for `servers` server numbers 0…servers − 1. */
export function xicsTree(servers: number): ControllerTree {
  return {
    node: {
      name: 'interrupt-controller',
      properties: [
        ['device_type', { text: 'PowerPC-External-Interrupt-Presentation' }],
        ['compatible', { text: 'IBM,ppc-xicp' }],
        ['interrupt-controller', { empty: true }],
        ['ibm,interrupt-server-ranges', { cells: [0, servers] }],
        ['#interrupt-cells', { cells: [2] }],
      ],
      children: [],
    },
    rootProperties: [],
  };
}

/** XIVE for `servers` server numbers 0…servers − 1, each with an IPI of its own. */
export function xiveTree(servers: number): ControllerTree {
  const page = [0, 2 ** PAGE_SHIFT];
  return {
    node: {
      name: `interrupt-controller@${timaAddress('user').toString(16)}`,
      properties: [
        ['device_type', { text: 'power-ivpe' }],
        ['compatible', { text: 'ibm,power-ivpe' }],
        ['reg', { cells: [...halves(timaAddress('user')), ...page, ...halves(timaAddress('os')), ...page] }],
        ['ibm,xive-eq-sizes', { cells: [OFFERED_QUEUE_SHIFT] }],
        ['ibm,xive-lisn-ranges', { cells: [irqNumber.ipi, servers] }],
        ['interrupt-controller', { empty: true }],
        ['#interrupt-cells', { cells: [2] }],
      ],
      children: [],
    },
    // Pairs of first reserved priority and how many follow.
    rootProperties: [
      ['ibm,plat-res-int-priorities', { cells: [FIRST_RESERVED_PRIORITY, 0xff - FIRST_RESERVED_PRIORITY] }],
    ],
  };
}

/** The node `event-sources` of the root. */
export function eventSourcesNode(): TreeNode {
  const source = (name: string, irq: number): TreeNode => ({
    name,
    properties: [['interrupts', { cells: [irq, trigger.edge] }]],
    children: [],
  });
  return {
    name: 'event-sources',
    properties: [
      ['interrupt-controller', { empty: true }],
      ['#interrupt-cells', { cells: [2] }],
      ['interrupt-ranges', { cells: [irqNumber.epow, 1, irqNumber.hotplug, 1] }],
    ],
    children: [source('hot-plug-events', irqNumber.hotplug), source('epow-events', irqNumber.epow)],
  };
}
