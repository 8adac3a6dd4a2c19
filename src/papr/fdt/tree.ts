// The live device tree: nodes with ordered properties and children, found by path or phandle. (IEEE 1275, section 3.2)
import { cells, type PropertyValue } from './property-value.ts';

/** A node. Its name includes the unit address (`vty@71000000`); the root's name is empty. */
export class DeviceNode {
  readonly name: string;
  readonly properties = new Map<string, PropertyValue>();
  /** In the order they were added. */
  readonly children: DeviceNode[] = [];
  parent: DeviceNode | undefined;
  /** Unique in the tree, 1…0xfffffffe; 0 until {@link DeviceTree.number} has run. */
  phandle = 0;

  constructor(name: string, properties: Readonly<Record<string, PropertyValue>> = {}) {
    this.name = name;
    for (const [key, value] of Object.entries(properties)) this.properties.set(key, value);
  }

  /** Appends children and returns this node. */
  add(...nodes: readonly DeviceNode[]): this {
    for (const node of nodes) {
      node.parent = this;
      this.children.push(node);
    }
    return this;
  }

  /** The name without its unit address, which is the value of the property `name`. */
  get baseName(): string {
    const at = this.name.indexOf('@');
    return at < 0 ? this.name : this.name.slice(0, at);
  }

  /** The full path; `/` for the root. */
  get path(): string {
    if (this.parent === undefined) return '/';
    let path = '';
    for (let node: DeviceNode | undefined = this; node?.parent !== undefined; node = node.parent) {
      path = `/${node.name}${path}`;
    }
    return path;
  }
}

/** Every node below and including `node`, parents before children. */
export function* nodesFrom(node: DeviceNode): Generator<DeviceNode> {
  yield node;
  for (const child of node.children) yield* nodesFrom(child);
}

/** A reserved range of real memory, in bytes. */
export interface MemoryReservation {
  readonly address: bigint;
  readonly size: bigint;
}

const phandleNames = ['phandle', 'linux,phandle', 'ibm,phandle'] as const;

function givenPhandle(node: DeviceNode): number {
  for (const name of phandleNames) {
    const value = node.properties.get(name);
    if (value?.length === 4) {
      const phandle = new DataView(value.buffer, value.byteOffset, 4).getUint32(0);
      if (phandle !== 0 && phandle !== 0xffff_ffff) return phandle;
    }
  }
  return 0;
}

/** A whole tree. */
export class DeviceTree {
  readonly root: DeviceNode;
  readonly reservations: readonly MemoryReservation[];
  readonly #byPhandle = new Map<number, DeviceNode>();

  constructor(root: DeviceNode, reservations: readonly MemoryReservation[] = []) {
    this.root = root;
    this.reservations = reservations;
  }

  /**
   * Gives every node its phandle and the property `phandle`. A node that has one keeps it (unless a node before it has
   * the same), then `earlier` decides by path, so that a rebuilt tree keeps its handles, then the next free number
   * from `first` on.
   */
  number(first: number, earlier: ReadonlyMap<string, number> = new Map()): this {
    this.#byPhandle.clear();
    const unnumbered: DeviceNode[] = [];
    const take = (node: DeviceNode, phandle: number): boolean => {
      if (phandle === 0 || this.#byPhandle.has(phandle)) return false;
      node.phandle = phandle;
      this.#byPhandle.set(phandle, node);
      return true;
    };
    for (const node of nodesFrom(this.root)) {
      if (!take(node, givenPhandle(node))) unnumbered.push(node);
    }
    const fresh = unnumbered.filter((node) => !take(node, earlier.get(node.path) ?? 0));
    let next = first;
    for (const node of fresh) {
      while (!take(node, next)) next++;
    }
    for (const node of nodesFrom(this.root)) node.properties.set('phandle', cells(node.phandle));
    return this;
  }

  byPhandle(phandle: number): DeviceNode | undefined {
    return this.#byPhandle.get(phandle);
  }

  /** Path → phandle of every node. */
  phandles(): ReadonlyMap<string, number> {
    return new Map([...nodesFrom(this.root)].map((node) => [node.path, node.phandle]));
  }

  /**
   * The node at an absolute path. A component without a unit address matches the first child of that base name;
   * arguments after a colon are dropped. (IEEE 1275, section 4.3.1)
   */
  find(path: string): DeviceNode | undefined {
    if (!path.startsWith('/')) return undefined;
    let node = this.root;
    for (const component of path.split('/')) {
      if (component === '') continue;
      const colon = component.indexOf(':');
      const wanted = colon < 0 ? component : component.slice(0, colon);
      const next =
        node.children.find((child) => child.name === wanted) ??
        (wanted.includes('@') ? undefined : node.children.find((child) => child.baseName === wanted));
      if (next === undefined) return undefined;
      node = next;
    }
    return node;
  }
}
