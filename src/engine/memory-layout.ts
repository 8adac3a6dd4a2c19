// Places everything in a machine's linear memory: shared words, vCPUs, record pool, code map, guest RAM.
import { recordPageBytes, vcpuBase, vcpuStride } from '../cpu/memory-map.ts';
import { keysOfPage } from './code-key.ts';

/** Byte offsets in linear memory. */
export interface MemoryLayout {
  readonly recordPool: number;
  readonly recordPages: number;
  readonly recordMap: number;
  readonly codeMap: number;
  readonly ramBase: number;
  /** Two places for the hash page table, when there is one: the other one is for a change of size. */
  readonly hptBases: readonly [number, number];
  /** All of it, in WebAssembly pages of 64 KiB. */
  readonly totalPages: number;
}

const wasmPage = 65536;

/** Lays out a machine; throws RangeError when it does not fit 4 GiB. */
export function layOutMemory(vcpus: number, ramBytes: number, recordPages: number, hptCapacity = 0): MemoryLayout {
  const recordPool = vcpuBase + vcpus * vcpuStride;
  const recordMap = recordPool + recordPages * recordPageBytes;
  const codeMap = recordMap + (ramBytes / 4096) * keysOfPage * 4;
  const ramBase = Math.ceil((codeMap + ramBytes / 4096) / wasmPage) * wasmPage;
  const afterRam = ramBase + ramBytes;
  const totalPages = Math.ceil((afterRam + 2 * hptCapacity) / wasmPage);
  if (totalPages > 65536)
    throw new RangeError(
      `a machine of ${ramBytes} bytes of RAM and ${vcpus} vCPUs exceeds the 4 GiB that a WebAssembly memory can have`,
    );
  return {
    recordPool,
    recordPages,
    recordMap,
    codeMap,
    ramBase,
    hptBases: [afterRam, afterRam + hptCapacity],
    totalPages,
  };
}
