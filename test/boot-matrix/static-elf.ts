// Writes the smallest static program that Linux on ppc64le loads: one header, one segment, what the assembler made.
// (System V ABI, object files; 64-bit ELF V2 ABI for Power, object files)

/** Where the file begins in the program's memory; the code begins {@link codeOffset} behind it. */
export const imageBase = 0x1000_0000;
const headerBytes = 64;
const programHeaderBytes = 56;
/** Offset of the code in file and memory. */
export const codeOffset = headerBytes + programHeaderBytes;
/** Address of the code's first byte, where it is entered, too. */
export const codeAddress = imageBase + codeOffset;

const executable = 2;
const ppc64 = 21;
const loadable = 1;
const readWriteExecute = 7;
/** e_flags: version 2 of the ABI, in which the entry is code and not a descriptor of it. */
const abiVersion2 = 2;
const pageBytes = 0x1_0000;

/**
 * Makes a little-endian executable whose code may write to itself.
 * @param code loaded and entered at {@link codeAddress}
 * @param zeroBytes bytes behind the code that begin as zero
 */
export function staticElf(code: Uint8Array, zeroBytes = 0): Uint8Array {
  const bytes = new Uint8Array(codeOffset + code.length);
  const view = new DataView(bytes.buffer);
  const set64 = (offset: number, value: number): void => view.setBigUint64(offset, BigInt(value), true);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // magic, 64-bit, little-endian, version 1
  view.setUint16(16, executable, true);
  view.setUint16(18, ppc64, true);
  view.setUint32(20, 1, true);
  set64(24, codeAddress);
  set64(32, headerBytes); // program headers follow
  view.setUint32(48, abiVersion2, true);
  view.setUint16(52, headerBytes, true);
  view.setUint16(54, programHeaderBytes, true);
  view.setUint16(56, 1, true);
  view.setUint32(headerBytes, loadable, true);
  view.setUint32(headerBytes + 4, readWriteExecute, true);
  set64(headerBytes + 16, imageBase);
  set64(headerBytes + 24, imageBase);
  set64(headerBytes + 32, bytes.length);
  set64(headerBytes + 40, bytes.length + zeroBytes);
  set64(headerBytes + 48, pageBytes);
  bytes.set(code, codeOffset);
  return bytes;
}
