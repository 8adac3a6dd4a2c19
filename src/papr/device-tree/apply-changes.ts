// Makes the changes between two trees in a third one: how a tree that a user gave follows a negotiation.
import type { PropertyValue } from '../fdt/property-value.ts';
import { DeviceNode, type DeviceTree, nodesFrom } from '../fdt/tree.ts';

function byPath(tree: DeviceTree): Map<string, DeviceNode> {
  return new Map([...nodesFrom(tree.root)].map((node) => [node.path, node]));
}

function equal(a: PropertyValue, b: PropertyValue | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, n) => byte === b[n]);
}

/**
 * Changes `tree` as `before` was changed to become `after`: nodes that came or went, properties that came, went or have
 * another value. A node that `tree` lacks is not changed. Phandles have to be counted again.
 */
export function applyChanges(tree: DeviceTree, before: DeviceTree, after: DeviceTree): void {
  const old = byPath(before);
  const now = byPath(after);
  const target = byPath(tree);
  for (const path of old.keys()) {
    const gone = now.has(path) ? undefined : target.get(path);
    const siblings = gone?.parent?.children;
    if (gone !== undefined && siblings !== undefined) siblings.splice(siblings.indexOf(gone), 1);
  }
  for (const [path, node] of now) {
    const was = old.get(path);
    if (was === undefined) {
      const parent = node.parent === undefined ? undefined : target.get(node.parent.path);
      if (!target.has(path)) parent?.add(new DeviceNode(node.name, Object.fromEntries(node.properties)));
      continue;
    }
    const properties = target.get(path)?.properties;
    if (properties === undefined) continue;
    for (const [name, value] of node.properties)
      if (!equal(value, was.properties.get(name))) properties.set(name, value);
    for (const name of was.properties.keys()) if (!node.properties.has(name)) properties.delete(name);
  }
}
