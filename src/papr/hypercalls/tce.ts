// Translation control entries: what bus addresses of a DMA window mean. (PAPR, "H_PUT_TCE")
import { dmaWindowBytes, dmaWindowLiobn } from '../device-tree/pci-host.ts';
import { ramAddress } from '../real-address.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandlers } from './types.ts';

const pageShift = 12;
const pageBytes = 1 << pageShift;
/** Entries of one page of indirect entries, and the most that one call sets. */
const entriesPerPage = 512n;

/** A DMA window: one 64-bit entry for each 4 KiB of bus addresses from 0 on. */
class DmaWindow {
  readonly #count: number;
  /** Undefined while all are zero: most guests of a short life never use them. */
  #entries: BigUint64Array | undefined;

  constructor(bytes: number) {
    this.#count = bytes >> pageShift;
  }
  get entries(): BigUint64Array {
    this.#entries ??= new BigUint64Array(this.#count);
    return this.#entries;
  }
  reset(): void {
    this.#entries = undefined;
  }
  /** Index of the entry for a bus address with room for `count` entries, or undefined. */
  index(busAddress: bigint, count: bigint): number | undefined {
    const first = busAddress >> BigInt(pageShift);
    return first + count <= BigInt(this.#count) ? Number(first) : undefined;
  }
}

/** All windows, by logical I/O bus number. */
export class DmaWindows {
  readonly #windows = new Map<bigint, DmaWindow>([[BigInt(dmaWindowLiobn), new DmaWindow(dmaWindowBytes)]]);

  find(liobn: bigint): DmaWindow | undefined {
    return this.#windows.get(liobn);
  }
  reset(): void {
    for (const window of this.#windows.values()) window.reset();
  }
}

export function tceHandlers(windows: DmaWindows): HypercallHandlers {
  return {
    H_PUT_TCE: (call) => {
      const window = windows.find(call.argument(0));
      const index = window?.index(call.argument(1), 1n);
      if (window === undefined || index === undefined) return status.H_PARAMETER;
      window.entries[index] = call.argument(2);
      return status.H_SUCCESS;
    },
    H_GET_TCE: (call) => {
      const window = windows.find(call.argument(0));
      const index = window?.index(call.argument(1), 1n);
      if (window === undefined || index === undefined) return status.H_PARAMETER;
      call.setResult(0, window.entries[index] ?? 0n);
      return status.H_SUCCESS;
    },
    H_STUFF_TCE: (call) => {
      const window = windows.find(call.argument(0));
      const count = call.argument(3);
      const index = window?.index(call.argument(1), count);
      if (window === undefined || index === undefined || count > entriesPerPage) return status.H_PARAMETER;
      window.entries.fill(call.argument(2), index, index + Number(count));
      return status.H_SUCCESS;
    },
    H_PUT_TCE_INDIRECT: (call) => {
      const window = windows.find(call.argument(0));
      const count = call.argument(3);
      const index = window?.index(call.argument(1), count);
      if (window === undefined || index === undefined || count > entriesPerPage) return status.H_PARAMETER;
      const list = call.argument(2);
      const first = list % BigInt(pageBytes) === 0n ? ramAddress(call.memory, list, 8n * count) : undefined;
      if (first === undefined) return status.H_PARAMETER;
      for (let n = 0; n < Number(count); n++) window.entries[index + n] = call.memory.read64(first + 8 * n);
      return status.H_SUCCESS;
    },
  };
}
