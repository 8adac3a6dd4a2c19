// A static ELFv2 executable with one loaded segment, for programs that the recorder makes (ELF64 gABI).

/** Bytes of headers in front of the contents. */
export const elfHeaderBytes = 64 + 2 * 56;

/** An area of zeros that the program may use. */
export interface ZeroArea {
  readonly address: number;
  readonly bytes: number;
}

/** An executable with `contents` at `address` + {@link elfHeaderBytes}, entered at its first byte. */
export function staticElf(address: number, contents: Uint8Array, zeros: ZeroArea, littleEndian: boolean): Uint8Array {
  const file = new Uint8Array(elfHeaderBytes + contents.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, littleEndian ? 1 : 2, 1]);
  view.setUint16(16, 2, littleEndian); // ET_EXEC
  view.setUint16(18, 21, littleEndian); // EM_PPC64
  view.setUint32(20, 1, littleEndian);
  view.setBigUint64(24, BigInt(address + elfHeaderBytes), littleEndian);
  view.setBigUint64(32, 64n, littleEndian);
  view.setUint32(48, 2, littleEndian); // ELFv2
  view.setUint16(52, 64, littleEndian);
  view.setUint16(54, 56, littleEndian);
  view.setUint16(56, 2, littleEndian);
  view.setUint16(58, 64, littleEndian);
  const segment = (at: number, offset: number, base: number, fileBytes: number, memoryBytes: number) => {
    view.setUint32(at, 1, littleEndian); // PT_LOAD
    view.setUint32(at + 4, 7, littleEndian); // read, write, execute
    view.setBigUint64(at + 8, BigInt(offset), littleEndian);
    view.setBigUint64(at + 16, BigInt(base), littleEndian);
    view.setBigUint64(at + 24, BigInt(base), littleEndian);
    view.setBigUint64(at + 32, BigInt(fileBytes), littleEndian);
    view.setBigUint64(at + 40, BigInt(memoryBytes), littleEndian);
    view.setBigUint64(at + 48, 0x10000n, littleEndian);
  };
  segment(64, 0, zeros.address, 0, zeros.bytes);
  segment(64 + 56, 0, address, file.length, file.length);
  file.set(contents, elfHeaderBytes);
  return file;
}
