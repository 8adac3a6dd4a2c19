// A flattened device tree as a live tree; its bytes come from a file or a guest and are not trusted.
// (Devicetree Specification 0.4, chapter 5)
import { FdtError } from './fdt-error.ts';
import { align4, fdtHeader, fdtHeaderBytes, fdtMagic, fdtToken, fdtVersion } from './format.ts';
import { DeviceNode, DeviceTree, type MemoryReservation } from './tree.ts';

/** Deeper trees do not exist; the bound keeps recursion over a tree safe. */
const maximumDepth = 64;
/** Node and property names are at most 31 characters by the specification; files in use have longer ones. */
const maximumName = 255;

/** A range of the block, checked to lie in it. */
function section(block: Uint8Array, offset: number, size: number, what: string): Uint8Array {
  if (offset < fdtHeaderBytes || offset + size > block.length) {
    throw new FdtError('bad-offset', `the ${what} block (${offset}+${size}) is outside the ${block.length} bytes`);
  }
  return block.subarray(offset, offset + size);
}

function nameAt(bytes: Uint8Array, offset: number, what: string): string {
  let text = '';
  for (let i = offset; i < bytes.length && i - offset <= maximumName; i++) {
    // The loop condition keeps i inside the array.
    const byte = bytes[i] as number;
    if (byte === 0) return text;
    if (byte < 0x21 || byte > 0x7e || byte === 0x2f) {
      throw new FdtError('bad-name', `a ${what} name has the character code ${byte}`);
    }
    text += String.fromCharCode(byte);
  }
  throw new FdtError('bad-name', `a ${what} name has no end within ${maximumName} characters`);
}

function readReservations(block: Uint8Array, offset: number): MemoryReservation[] {
  if (offset % 8 !== 0 || offset < fdtHeaderBytes) {
    throw new FdtError('bad-offset', `the reservation block offset ${offset} is not usable`);
  }
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const found: MemoryReservation[] = [];
  for (let at = offset; at + 16 <= block.length; at += 16) {
    const address = view.getBigUint64(at);
    const size = view.getBigUint64(at + 8);
    if (address === 0n && size === 0n) return found;
    found.push({ address, size });
  }
  throw new FdtError('bad-structure', 'the reservation block has no end entry');
}

/** Reads the structure block, which is `structure`, with property names from `names`. */
function readStructure(structure: Uint8Array, names: Uint8Array): DeviceNode {
  const view = new DataView(structure.buffer, structure.byteOffset, structure.length);
  let at = 0;
  const word = (): number => {
    if (at + 4 > structure.length) throw new FdtError('bad-structure', 'the structure block ends inside an item');
    const value = view.getUint32(at);
    at += 4;
    return value;
  };
  let root: DeviceNode | undefined;
  const open: DeviceNode[] = [];
  const siblingNames: Set<string>[] = [];
  for (;;) {
    const token = word();
    const node = open.at(-1);
    if (token === fdtToken.nop) continue;
    if (token === fdtToken.beginNode) {
      const name = nameAt(structure, at, 'node');
      at = align4(at + name.length + 1);
      const child = new DeviceNode(name);
      if (node === undefined) {
        if (root !== undefined) throw new FdtError('bad-structure', 'there is a second root node');
        if (name !== '') throw new FdtError('bad-name', `the root node is named '${name}', expected no name`);
        root = child;
      } else {
        if (name === '') throw new FdtError('bad-name', `a node in ${node.path} has no name`);
        const siblings = siblingNames.at(-1) ?? new Set();
        if (siblings.has(name)) throw new FdtError('duplicate', `${node.path} has two nodes '${name}'`);
        siblings.add(name);
        node.add(child);
      }
      open.push(child);
      siblingNames.push(new Set());
      if (open.length > maximumDepth) throw new FdtError('too-deep', `nodes are nested more than ${maximumDepth} deep`);
    } else if (token === fdtToken.endNode) {
      if (open.pop() === undefined) throw new FdtError('bad-structure', 'a node ends that did not begin');
      siblingNames.pop();
    } else if (token === fdtToken.property) {
      if (node === undefined) throw new FdtError('bad-structure', 'a property stands outside any node');
      const length = word();
      const nameOffset = word();
      if (at + length > structure.length) {
        throw new FdtError('bad-structure', `a property of ${node.path} is longer (${length}) than the block`);
      }
      if (nameOffset >= names.length) throw new FdtError('bad-offset', `a property name is at ${nameOffset}`);
      const name = nameAt(names, nameOffset, 'property');
      if (name === '') throw new FdtError('bad-name', `a property of ${node.path} has no name`);
      if (node.properties.has(name)) throw new FdtError('duplicate', `${node.path} has two properties '${name}'`);
      node.properties.set(name, structure.slice(at, at + length));
      at = align4(at + length);
    } else if (token === fdtToken.end) {
      if (open.length > 0) throw new FdtError('bad-structure', `the node ${open.at(-1)?.path} has no end`);
      if (root === undefined) throw new FdtError('bad-structure', 'there is no root node');
      return root;
    } else {
      throw new FdtError('bad-structure', `unknown token 0x${token.toString(16)} at offset ${at - 4}`);
    }
  }
}

/** Reads a block of version 16 or 17 (or newer and compatible). Throws {@link FdtError} for anything else. */
export function readFdt(bytes: Uint8Array): DeviceTree {
  if (bytes.length < fdtHeaderBytes) {
    throw new FdtError('too-short', `${bytes.length} bytes, the header alone has ${fdtHeaderBytes}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = (offset: number): number => view.getUint32(offset);
  const magic = header(fdtHeader.magic);
  if (magic !== fdtMagic) {
    throw new FdtError('bad-magic', `it starts with 0x${magic.toString(16)}, expected 0x${fdtMagic.toString(16)}`);
  }
  const version = header(fdtHeader.version);
  const lastCompatible = header(fdtHeader.lastCompatible);
  if (version < 16 || lastCompatible > fdtVersion) {
    throw new FdtError('bad-version', `version ${version} (compatible to ${lastCompatible}), expected 16 or 17`);
  }
  const total = header(fdtHeader.totalSize);
  if (total < fdtHeaderBytes || total > bytes.length) {
    throw new FdtError('too-short', `${bytes.length} bytes, the header says ${total}`);
  }
  const block = bytes.subarray(0, total);
  const structureOffset = header(fdtHeader.structureOffset);
  if (structureOffset % 4 !== 0) throw new FdtError('bad-offset', `the structure offset ${structureOffset} is odd`);
  // Version 16 has no structure size: the block then goes to the end.
  const structureSize = version >= 17 ? header(fdtHeader.structureSize) : Math.max(0, total - structureOffset);
  const structure = section(block, structureOffset, structureSize, 'structure');
  const names = section(block, header(fdtHeader.stringsOffset), header(fdtHeader.stringsSize), 'strings');
  const root = readStructure(structure, names);
  return new DeviceTree(root, readReservations(block, header(fdtHeader.reservationsOffset)));
}
