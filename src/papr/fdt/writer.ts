// A live tree as a flattened device tree, version 17. (Devicetree Specification 0.4, chapter 5)
import {
  align4,
  fdtHeader,
  fdtHeaderBytes,
  fdtLastCompatibleVersion,
  fdtMagic,
  fdtToken,
  fdtVersion,
} from './format.ts';
import { utf8 } from './property-value.ts';
import type { DeviceNode, DeviceTree } from './tree.ts';

/** Growing big-endian output. */
class Output {
  #bytes = new Uint8Array(4096);
  length = 0;

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
  word(value: number): void {
    this.#reserve(4);
    const bytes = this.#bytes;
    // An element takes its value modulo 256.
    bytes[this.length] = value >>> 24;
    bytes[this.length + 1] = value >>> 16;
    bytes[this.length + 2] = value >>> 8;
    bytes[this.length + 3] = value;
    this.length += 4;
  }
  bytes(data: Uint8Array): void {
    this.#reserve(data.length);
    this.#bytes.set(data, this.length);
    this.length += data.length;
  }
  /** Pads with zero bytes to a multiple of four. */
  align(): void {
    const end = align4(this.length);
    this.#reserve(end - this.length);
    // Bytes beyond the length have never been written.
    this.length = end;
  }
  result(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }
}

function writeNode(node: DeviceNode, structure: Output, nameOffset: (name: string) => number): void {
  structure.word(fdtToken.beginNode);
  structure.bytes(utf8(`${node.name}\0`));
  structure.align();
  for (const [name, value] of node.properties) {
    structure.word(fdtToken.property);
    structure.word(value.length);
    structure.word(nameOffset(name));
    structure.bytes(value);
    structure.align();
  }
  for (const child of node.children) writeNode(child, structure, nameOffset);
  structure.word(fdtToken.endNode);
}

/** The whole tree as one block; `bootCpu` is the `reg` of the CPU that starts. */
export function writeFdt(tree: DeviceTree, bootCpu = 0): Uint8Array {
  const names = new Output();
  const offsets = new Map<string, number>();
  const nameOffset = (name: string): number => {
    const known = offsets.get(name);
    if (known !== undefined) return known;
    const offset = names.length;
    offsets.set(name, offset);
    names.bytes(utf8(`${name}\0`));
    return offset;
  };
  const structure = new Output();
  writeNode(tree.root, structure, nameOffset);
  structure.word(fdtToken.end);

  const reservations = new DataView(new ArrayBuffer(16 * (tree.reservations.length + 1)));
  tree.reservations.forEach(({ address, size }, i) => {
    reservations.setBigUint64(16 * i, address);
    reservations.setBigUint64(16 * i + 8, size);
  });
  const structureOffset = fdtHeaderBytes + reservations.byteLength;
  const stringsOffset = structureOffset + structure.length;
  const total = align4(stringsOffset + names.length);

  const block = new Uint8Array(total);
  const view = new DataView(block.buffer);
  view.setUint32(fdtHeader.magic, fdtMagic);
  view.setUint32(fdtHeader.totalSize, total);
  view.setUint32(fdtHeader.structureOffset, structureOffset);
  view.setUint32(fdtHeader.stringsOffset, stringsOffset);
  view.setUint32(fdtHeader.reservationsOffset, fdtHeaderBytes);
  view.setUint32(fdtHeader.version, fdtVersion);
  view.setUint32(fdtHeader.lastCompatible, fdtLastCompatibleVersion);
  view.setUint32(fdtHeader.bootCpu, bootCpu);
  view.setUint32(fdtHeader.stringsSize, names.length);
  view.setUint32(fdtHeader.structureSize, structure.length);
  block.set(new Uint8Array(reservations.buffer), fdtHeaderBytes);
  block.set(structure.result(), structureOffset);
  block.set(names.result(), stringsOffset);
  return block;
}
