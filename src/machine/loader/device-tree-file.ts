// Checks a flattened device tree that a person gave (Devicetree Specification 0.4, chapter 5), before anything reads it.
import { ImageError } from './image-error.ts';

const magic = 0xd00dfeed;
const headerSize = 40;
const token = { beginNode: 1, endNode: 2, property: 3, nop: 4, end: 9 } as const;
/** Deeper than any real tree; keeps a hostile file from costing time. */
const deepestNode = 64;
/** What the machine keeps free for a tree at the top of low memory. */
const largestTree = 0x20_0000;

function fail(message: string): never {
  throw new ImageError('deviceTree', message);
}

/**
 * Checks that a file is a whole and well-formed flattened tree.
 * @param file the bytes of a .dtb file
 * @returns the tree: the file without what may follow it
 * @throws ImageError (image `deviceTree`)
 */
export function checkDeviceTreeFile(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < headerSize || view.getUint32(0) !== magic) {
    fail('the file is not a flattened device tree (.dtb); `dtc` makes one from a .dts file');
  }
  const totalSize = view.getUint32(4);
  if (totalSize < headerSize || totalSize > file.length) {
    fail(`the tree says it has ${totalSize} bytes, the file has ${file.length}; it may be truncated`);
  }
  if (totalSize > largestTree) fail(`the tree has ${totalSize} bytes; at most ${largestTree} are accepted`);
  const version = view.getUint32(20);
  const lastCompatible = view.getUint32(24);
  if (version < 17 || lastCompatible > 17) fail(`the tree is of version ${version}; version 17 is expected`);
  const range = (offsetAt: number, sizeAt: number, name: string): { start: number; end: number } => {
    const start = view.getUint32(offsetAt);
    const end = start + view.getUint32(sizeAt);
    if (start < headerSize || end > totalSize) fail(`the ${name} lies outside the tree`);
    return { start, end };
  };
  const strings = range(12, 32, 'strings block');
  const structure = range(8, 36, 'structure block');
  checkStructure(view, structure, strings.end - strings.start);
  return file.subarray(0, totalSize);
}

function checkStructure(view: DataView, { start, end }: { start: number; end: number }, stringsSize: number): void {
  let at = start;
  let depth = 0;
  let roots = 0;
  const word = (): number => {
    if (at + 4 > end) fail('the structure block ends in the middle');
    at += 4;
    return view.getUint32(at - 4);
  };
  for (;;) {
    const kind = word();
    if (kind === token.nop) continue;
    if (kind === token.end) break;
    if (kind === token.beginNode) {
      if (depth === 0) roots++;
      if (++depth > deepestNode) fail(`nodes are nested more than ${deepestNode} deep`);
      while (at < end && view.getUint8(at) !== 0) at++;
      at = (at + 4) & ~3;
    } else if (kind === token.endNode) {
      if (--depth < 0) fail('a node ends that never began');
    } else if (kind === token.property) {
      if (depth === 0) fail('a property stands outside any node');
      const size = word();
      const name = word();
      if (name >= stringsSize) fail('the name of a property lies outside the strings block');
      if (size > end - at) fail('the value of a property lies outside the structure block');
      at = (at + size + 3) & ~3;
    } else fail(`the structure block has an unknown token ${kind}`);
  }
  if (depth !== 0 || roots !== 1) fail('the tree has no single root node');
}
