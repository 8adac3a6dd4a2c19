// Requests of client-architecture-support as a kernel sends them, for tests.

/** PVR records of a Linux kernel: CPUs it knows, then levels, the last record ending the list. */
const linuxPvrs: readonly (readonly [mask: number, pvr: number])[] = [
  [0xffff0000, 0x004d0000],
  [0xffff0000, 0x004e0000],
  [0xffff0000, 0x00800000],
  [0xffffffff, 0x0f000006],
  [0xffffffff, 0x0f000005],
  [0xffffffff, 0x0f000004],
  [0xffffffff, 0x0f000003],
  [0xfffffffe, 0x0f000001],
];

/** What a test changes. */
export interface CasRequestOptions {
  readonly pvrs?: readonly (readonly [mask: number, pvr: number])[];
  /** Bytes 23, 24 and 26 of vector 5. */
  readonly xive?: number;
  readonly mmu?: number;
  readonly gtse?: number;
  /** Byte 3 of vector 1. */
  readonly isa300?: number;
  /** How many vectors the request has, 1…6. */
  readonly vectors?: number;
}

/** The bytes of a request: by default that of a Linux kernel that wants XIVE and radix. */
export function casRequestBytes(options: CasRequestOptions = {}): Uint8Array {
  const { pvrs = linuxPvrs, xive = 0x40, mmu = 0x40, gtse = 0x40, isa300 = 0xc0, vectors = 6 } = options;
  const words = new Uint8Array(8 * pvrs.length);
  const view = new DataView(words.buffer);
  pvrs.forEach(([mask, pvr], n) => {
    view.setUint32(8 * n, mask);
    view.setUint32(8 * n + 4, pvr);
  });
  const vector5 = new Uint8Array(27);
  vector5.set([25, 0, 0xf3, 0, 0, 0xe0, 0x05, 0, 0, 0, 0, 8]);
  vector5.set([0xc0, xive, mmu, 0, gtse], 22);
  const all = [[2, 0, 0xff, isa300], [4, 0x20, 0, 0, 0, 0], [1, 0, 0xe0], [1, 0, 1], [...vector5], [2, 0, 0, 2]];
  return Uint8Array.from([...words, vectors - 1, ...all.slice(0, vectors).flat()]);
}
