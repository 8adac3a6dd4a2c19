// Where the files that a machine starts from lie in guest memory; the addresses are those of QEMU's pseries machine, which
// boot loaders and kernels are used to.
import { readElf } from './elf.ts';
import { ImageError, type ImageKind } from './image-error.ts';

/** Kernels are loaded from here on, below it lies firmware. */
export const kernelLoadAddress = 0x40_0000;
/** Kernels are linked at 0xc000000000000000 or at a low address; this part of an address is kept when loading. */
const linkAddressMask = 0x0fff_ffff;
/** A flat firmware image lies at real address 0 and is entered at 0x100, the system reset vector. */
export const firmwareEntry = 0x100;
/** Firmware may fill what lies below the kernel. */
export const largestFirmware = kernelLoadAddress;
const initrdAlignment = 0x1_0000;

/** Bytes to be stored at a real address. */
export interface LoadPiece {
  readonly image: ImageKind;
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A range of real addresses. */
export interface MemoryRange {
  readonly address: number;
  readonly size: number;
}

/** Where a kernel goes. */
export interface KernelPlacement {
  /** The real address of its first instruction. */
  readonly entry: number;
  /** Byte order of the kernel's ELF file; whatever it is, the kernel is entered big-endian (Open Firmware binding). */
  readonly littleEndian: boolean;
  /** From the load address to the end of the last segment, memory that the file does not fill (bss) included. */
  readonly range: MemoryRange;
}

/** What the firmware must know about the loaded files. */
export interface BootLayout {
  readonly pieces: readonly LoadPiece[];
  readonly kernel: KernelPlacement | undefined;
  readonly initrd: MemoryRange | undefined;
}

/** The files to place; absent ones take no room. */
export interface BootFiles {
  readonly kernel?: Uint8Array | undefined;
  readonly initrd?: Uint8Array | undefined;
  readonly firmware?: Uint8Array | undefined;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / (1 << 20))} MiB`;
}

function placeKernel(file: Uint8Array, memoryBytes: number): { placement: KernelPlacement; pieces: LoadPiece[] } {
  const elf = readElf(file);
  const translate = (address: number): number => (address & linkAddressMask) + kernelLoadAddress;
  const placed = elf.segments
    .map((segment) => ({ ...segment, address: translate(segment.physicalLow) }))
    .sort((a, b) => a.address - b.address);
  let end = kernelLoadAddress;
  for (const { address, memoryBytes: size } of placed) {
    if (address < end) throw new ImageError('kernel', 'two segments of the ELF file overlap in memory');
    end = address + size;
  }
  if (end > memoryBytes) {
    throw new ImageError(
      'kernel',
      `the kernel needs ${megabytes(end)} of memory, the guest has ${megabytes(memoryBytes)}`,
    );
  }
  const entry = translate(elf.entryLow);
  if (
    entry % 4 !== 0 ||
    !placed.some(({ address, bytes }) => entry >= address && entry + 4 <= address + bytes.length)
  ) {
    throw new ImageError('kernel', 'the entry point of the ELF file lies outside what it loads');
  }
  return {
    placement: {
      entry,
      littleEndian: elf.littleEndian,
      range: { address: kernelLoadAddress, size: end - kernelLoadAddress },
    },
    pieces: placed.map(({ address, bytes }) => ({ image: 'kernel', address, bytes })),
  };
}

function placeInitrd(file: Uint8Array, kernelEnd: number, memoryBytes: number): MemoryRange {
  if (file.length === 0) throw new ImageError('initrd', 'the file is empty');
  // 64 KiB of room at least, then the last boundary that is not more than twice that behind the kernel.
  const start = Math.floor((kernelEnd + 2 * initrdAlignment - 1) / initrdAlignment) * initrdAlignment;
  const end = start + file.length;
  if (end > memoryBytes) {
    throw new ImageError(
      'initrd',
      `the file of ${megabytes(file.length)} would end at ${megabytes(end)}, the guest has ${megabytes(memoryBytes)} of memory`,
    );
  }
  return { address: start, size: file.length };
}

/**
 * Places the files of a machine.
 * @param memoryBytes guest RAM
 * @throws ImageError when a file is not what it should be or does not fit
 */
export function planBoot(files: BootFiles, memoryBytes: number): BootLayout {
  const pieces: LoadPiece[] = [];
  if (files.firmware !== undefined) {
    if (files.firmware.length <= firmwareEntry || files.firmware.length > largestFirmware) {
      throw new ImageError(
        'firmware',
        `a flat image of more than ${firmwareEntry} bytes and at most ${megabytes(largestFirmware)} is expected; the file has ${files.firmware.length} bytes`,
      );
    }
    pieces.push({ image: 'firmware', address: 0, bytes: files.firmware });
  }
  if (files.kernel === undefined) {
    if (files.initrd !== undefined) throw new ImageError('initrd', 'an initial RAM disk needs a kernel');
    return { pieces, kernel: undefined, initrd: undefined };
  }
  const { placement, pieces: kernelPieces } = placeKernel(files.kernel, memoryBytes);
  pieces.push(...kernelPieces);
  if (files.initrd === undefined) return { pieces, kernel: placement, initrd: undefined };
  const initrd = placeInitrd(files.initrd, placement.range.address + placement.range.size, memoryBytes);
  pieces.push({ image: 'initrd', address: initrd.address, bytes: files.initrd });
  return { pieces, kernel: placement, initrd };
}
