// Walking the tree and its properties. (IEEE 1275, section 6.3.2.1 "device tree")

import type { PropertyValue } from '../fdt/property-value.ts';
import { strings } from '../fdt/property-value.ts';
import type { DeviceNode } from '../fdt/tree.ts';
import { maximumText, noValue, putText, type Service, type ServiceContext, type Services } from './service.ts';

const maximumName = 255;
/** What a client may add to the tree in all: kernels add less than 1 KiB. */
const guestPropertyBytes = 0x10_0000;
/** Properties that a client can't change: they say what a node is. */
const fixedProperties: ReadonlySet<string> = new Set(['name', 'phandle', 'linux,phandle', 'ibm,phandle']);

/** The value of a property; `name` is made from the node's name. */
function propertyOf(node: DeviceNode, name: string): PropertyValue | undefined {
  return node.properties.get(name) ?? (name === 'name' ? strings(node.baseName) : undefined);
}

function nodeOf({ state }: ServiceContext, phandle: number | undefined): DeviceNode | undefined {
  return phandle === undefined ? undefined : state.tree.byPhandle(phandle);
}

function textAt({ memory }: ServiceContext, address: number | undefined, limit = maximumText): string | undefined {
  return address === undefined ? undefined : memory.readString(address, limit);
}

/** A service that answers one handle with another, or 0. */
function relative(find: (node: DeviceNode) => DeviceNode | undefined): Service {
  return {
    arguments: 1,
    run: (context, [phandle]) => {
      const node = nodeOf(context, phandle);
      return [node === undefined ? 0 : (find(node)?.phandle ?? 0)];
    },
  };
}

function nextSibling(node: DeviceNode): DeviceNode | undefined {
  const siblings = node.parent?.children ?? [];
  return siblings[siblings.indexOf(node) + 1];
}

/** A service that writes a path: (handle, buffer, length) → length with its NUL, or -1. */
function pathWriter(find: (context: ServiceContext, handle: number) => string | undefined): Service {
  return {
    arguments: 3,
    run: (context, [handle = 0, buffer = 0, room = 0]) => {
      const path = find(context, handle);
      return [path === undefined ? noValue : putText(context.memory, buffer, room, path)];
    },
  };
}

/** Sets a property and remembers those of /chosen; -1 when the client has set too much already. */
function setProperty({ state }: ServiceContext, node: DeviceNode, name: string, value: PropertyValue): number {
  const cost = name.length + value.length;
  if (state.guestPropertyBytes + cost > guestPropertyBytes) return noValue;
  state.guestPropertyBytes += cost;
  node.properties.set(name, value);
  if (node.path === '/chosen') state.guestChosen.set(name, value);
  return value.length;
}

/** The services of this part. */
export const treeServices: Services = {
  finddevice: {
    arguments: 1,
    run: (context, [path]) => {
      const text = textAt(context, path);
      const node = text === undefined ? undefined : context.state.tree.find(text);
      return [node?.phandle ?? noValue];
    },
  },
  peer: {
    arguments: 1,
    run: (context, [phandle]) => {
      if (phandle === 0) return [context.state.tree.root.phandle];
      const node = nodeOf(context, phandle);
      return [node === undefined ? 0 : (nextSibling(node)?.phandle ?? 0)];
    },
  },
  child: relative((node) => node.children[0]),
  parent: relative((node) => node.parent),
  getproplen: {
    arguments: 2,
    run: (context, [phandle, name]) => {
      const node = nodeOf(context, phandle);
      const text = textAt(context, name, maximumName);
      const value = node === undefined || text === undefined ? undefined : propertyOf(node, text);
      return [value?.length ?? noValue];
    },
  },
  getprop: {
    arguments: 4,
    run: (context, [phandle, name, buffer = 0, room = 0]) => {
      const node = nodeOf(context, phandle);
      const text = textAt(context, name, maximumName);
      const value = node === undefined || text === undefined ? undefined : propertyOf(node, text);
      if (value === undefined) return [noValue];
      // The answer is the true length, however little fits.
      context.memory.writeBytes(buffer, value.subarray(0, room));
      return [value.length];
    },
  },
  nextprop: {
    arguments: 3,
    run: (context, [phandle, previous, buffer = 0]) => {
      const node = nodeOf(context, phandle);
      const text = previous === 0 ? '' : textAt(context, previous, maximumName);
      if (node === undefined || text === undefined) return [noValue];
      const names = [...node.properties.keys()];
      const at = text === '' ? -1 : names.indexOf(text);
      if (text !== '' && at < 0) return [noValue];
      const next = names[at + 1];
      putText(context.memory, buffer, maximumName + 1, next ?? '');
      return [next === undefined ? 0 : 1];
    },
  },
  setprop: {
    arguments: 4,
    run: (context, [phandle, name, buffer = 0, length = 0]) => {
      const node = nodeOf(context, phandle);
      const text = textAt(context, name, maximumName);
      if (node === undefined || text === undefined || text === '' || fixedProperties.has(text)) return [noValue];
      if (length > guestPropertyBytes) return [noValue];
      return [setProperty(context, node, text, context.memory.readBytes(buffer, length))];
    },
  },
  canon: {
    arguments: 3,
    run: (context, [path, buffer = 0, room = 0]) => {
      const text = textAt(context, path);
      const node = text === undefined ? undefined : context.state.tree.find(text);
      return [node === undefined ? noValue : putText(context.memory, buffer, room, node.path)];
    },
  },
  'package-to-path': pathWriter((context, phandle) => nodeOf(context, phandle)?.path),
  'instance-to-path': pathWriter((context, instance) => context.instances.path(instance)),
  'instance-to-package': {
    arguments: 1,
    run: ({ state, instances }, [instance = 0]) => {
      const path = instances.path(instance);
      return [(path === undefined ? undefined : state.tree.find(path)?.phandle) ?? noValue];
    },
  },
};
