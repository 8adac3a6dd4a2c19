// The trees of both controllers and of the event sources, as cells.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventSourcesNode, xicsTree, xiveTree } from './device-tree.ts';

test('XIVE names its user and OS pages, IPIs and reserved priorities', () => {
  const { node, rootProperties } = xiveTree(2);
  assert.equal(node.name, 'interrupt-controller@60302031b0000');
  assert.deepEqual(Object.fromEntries(node.properties), {
    device_type: { text: 'power-ivpe' },
    compatible: { text: 'ibm,power-ivpe' },
    reg: { cells: [0x60302, 0x031b_0000, 0, 0x1_0000, 0x60302, 0x031a_0000, 0, 0x1_0000] },
    'ibm,xive-eq-sizes': { cells: [16] },
    'ibm,xive-lisn-ranges': { cells: [0, 2] },
    'interrupt-controller': { empty: true },
    '#interrupt-cells': { cells: [2] },
  });
  assert.deepEqual(rootProperties, [['ibm,plat-res-int-priorities', { cells: [7, 0xf8] }]]);
});

test('XICS names its servers', () => {
  const { node, rootProperties } = xicsTree(3);
  assert.equal(node.name, 'interrupt-controller');
  assert.deepEqual(Object.fromEntries(node.properties), {
    device_type: { text: 'PowerPC-External-Interrupt-Presentation' },
    compatible: { text: 'IBM,ppc-xicp' },
    'interrupt-controller': { empty: true },
    'ibm,interrupt-server-ranges': { cells: [0, 3] },
    '#interrupt-cells': { cells: [2] },
  });
  assert.deepEqual(rootProperties, []);
});

test('event sources have one edge interrupt each', () => {
  const interrupts = eventSourcesNode().children.map(({ name, properties }) => [name, properties]);
  assert.deepEqual(interrupts, [
    ['hot-plug-events', [['interrupts', { cells: [0x1001, 0] }]]],
    ['epow-events', [['interrupts', { cells: [0x1000, 0] }]]],
  ]);
});
