// Reads the headers of an ELF file, 32 or 64 bits, either endianness (System V ABI, chapter 4; 64-bit PowerPC ELF ABI).
// Nothing in a header is believed: every offset and size is checked here, once.
import { ImageError } from './image-error.ts';

/** One PT_LOAD program header, its place in the file checked. */
export interface ElfSegment {
  /** The bytes that the file has for it: a view into the file. */
  readonly bytes: Uint8Array;
  /** p_paddr modulo 2^32. */
  readonly physicalLow: number;
  /** p_memsz in bytes, at least `bytes.length`; the rest is zero. */
  readonly memoryBytes: number;
}

/** What matters of an ELF file. */
export interface ElfFile {
  readonly is64Bit: boolean;
  readonly littleEndian: boolean;
  /** e_entry modulo 2^32. */
  readonly entryLow: number;
  /** In the order of the file; those without memory are left out. */
  readonly segments: readonly ElfSegment[];
}

const machinePowerPc = 20;
const machinePowerPc64 = 21;
const typeExecutable = 2;
const typeShared = 3;
const programHeaderLoad = 1;
/** Linux has one to three segments; the bound keeps a hostile file from costing time. */
const mostProgramHeaders = 64;

const machineNames: ReadonlyMap<number, string> = new Map([
  [2, 'SPARC'],
  [3, 'x86 (32 bits)'],
  [8, 'MIPS'],
  [22, 'IBM Z'],
  [40, 'Arm (32 bits)'],
  [43, 'SPARC (64 bits)'],
  [62, 'x86-64'],
  [183, 'Arm (64 bits)'],
  [243, 'RISC-V'],
  [258, 'LoongArch'],
]);

/** Where the fields of the two classes lie. */
const layouts = {
  elf32: {
    headerSize: 52,
    wide: false,
    phoff: 28,
    phentsize: 42,
    phnum: 44,
    entrySize: 32,
    offset: 4,
    paddr: 12,
    filesz: 16,
    memsz: 20,
  },
  elf64: {
    headerSize: 64,
    wide: true,
    phoff: 32,
    phentsize: 54,
    phnum: 56,
    entrySize: 56,
    offset: 8,
    paddr: 24,
    filesz: 32,
    memsz: 40,
  },
} as const;

function fail(message: string): never {
  throw new ImageError('kernel', message);
}

/** What a file that is no ELF probably is, for the message. */
function describeForeignFile(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'the file is empty';
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'the file is gzip-compressed; unpack it first (gunzip)';
  if (bytes[0] === 0xfd && bytes[1] === 0x37) return 'the file is xz-compressed; unpack it first (unxz)';
  if (bytes[0] === 0x4d && bytes[1] === 0x5a)
    return 'the file is a PE/EFI image or an x86 kernel, not an ELF file for Power';
  return 'the file is not an ELF file; a vmlinux or zImage for 64-bit Power is expected';
}

/**
 * Reads an ELF executable for Power.
 * @throws ImageError (image `kernel`) for anything else, and for headers that point outside the file
 */
export function readElf(bytes: Uint8Array): ElfFile {
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    fail(describeForeignFile(bytes));
  }
  const elfClass = bytes[4];
  if (elfClass !== 1 && elfClass !== 2) fail(`the ELF class is ${elfClass ?? 'missing'}, neither 32 nor 64 bits`);
  const layout = elfClass === 2 ? layouts.elf64 : layouts.elf32;
  const dataEncoding = bytes[5];
  if (dataEncoding !== 1 && dataEncoding !== 2)
    fail(`the ELF data encoding is ${dataEncoding ?? 'missing'}, neither little- nor big-endian`);
  if (bytes.length < layout.headerSize) fail('the file ends inside the ELF header');
  const littleEndian = dataEncoding === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const half = (at: number): number => view.getUint16(at, littleEndian);
  const word = (at: number): number => view.getUint32(at, littleEndian);
  /** The low half of an address or size field. */
  const low = (at: number): number => (layout.wide && !littleEndian ? word(at + 4) : word(at));
  const high = (at: number): number => (layout.wide ? (littleEndian ? word(at + 4) : word(at)) : 0);
  /** A size or file offset: what does not fit into 32 bits cannot lie in a file that was read. */
  const size = (at: number, name: string): number => (high(at) === 0 ? low(at) : fail(`${name} is beyond 4 GiB`));

  const machine = half(18);
  if (machine !== machinePowerPc && machine !== machinePowerPc64) {
    fail(`the kernel is for ${machineNames.get(machine) ?? `machine type ${machine}`}, not for 64-bit Power`);
  }
  const type = half(16);
  if (type !== typeExecutable && type !== typeShared)
    fail(`the ELF type is ${type}; an executable (2 or 3) is expected`);

  const count = half(layout.phnum);
  if (count === 0) fail('the ELF file has no program headers, so nothing to load');
  if (count > mostProgramHeaders)
    fail(`the ELF file has ${count} program headers; at most ${mostProgramHeaders} are accepted`);
  const entrySize = half(layout.phentsize);
  if (entrySize < layout.entrySize) fail(`a program header of ${entrySize} bytes is too short`);
  const table = size(layout.phoff, 'the program header table');
  if (table + count * entrySize > bytes.length)
    fail('the program header table lies outside the file; the file may be truncated');

  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index++) {
    const at = table + index * entrySize;
    if (word(at) !== programHeaderLoad) continue;
    const offset = size(at + layout.offset, `the offset of segment ${index}`);
    const fileBytes = size(at + layout.filesz, `the file size of segment ${index}`);
    const memoryBytes = size(at + layout.memsz, `the memory size of segment ${index}`);
    if (offset + fileBytes > bytes.length) fail(`segment ${index} lies outside the file; the file may be truncated`);
    if (memoryBytes < fileBytes) fail(`segment ${index} has more bytes in the file than in memory`);
    if (memoryBytes === 0) continue;
    segments.push({
      bytes: bytes.subarray(offset, offset + fileBytes),
      physicalLow: low(at + layout.paddr),
      memoryBytes,
    });
  }
  if (segments.length === 0) fail('the ELF file has nothing to load');
  return { is64Bit: layout.wide, littleEndian, entryLow: low(24), segments };
}
