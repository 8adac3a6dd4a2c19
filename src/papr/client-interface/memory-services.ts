// Claiming and releasing real memory. (IEEE 1275, section 6.3.2.5 "memory")
import type { RealRange } from '../boot-layout.ts';
import { noValue, type Services } from './service.ts';

/** More than any client claims. */
const maximumRanges = 4096;

function overlaps(a: RealRange, address: number, size: number): boolean {
  return address < a.address + a.size && a.address < address + size;
}

/** The lowest free multiple of `align` with room for `size` bytes below `end`, or undefined. */
function firstFree(taken: readonly RealRange[], size: number, align: number, end: number): number | undefined {
  let at = 0;
  for (const range of [...taken].sort((a, b) => a.address - b.address)) {
    if (at + size <= range.address) break;
    at = Math.max(at, Math.ceil((range.address + range.size) / align) * align);
  }
  return at + size <= end ? at : undefined;
}

/** The services of this part. */
export const memoryServices: Services = {
  claim: {
    arguments: 3,
    run: ({ state, memory }, [address = 0, size = 0, align = 0]) => {
      if (size === 0 || state.taken.length >= maximumRanges) return [noValue];
      let base: number | undefined = address;
      if (align !== 0) {
        if ((align & (align - 1)) !== 0) return [noValue];
        base = firstFree(state.taken, size, align, memory.size);
      } else if (!memory.contains(address, size) || state.taken.some((range) => overlaps(range, address, size))) {
        base = undefined;
      }
      if (base === undefined) return [noValue];
      state.taken = [...state.taken, { address: base, size }];
      state.memoryChanged();
      return [base];
    },
  },
  release: {
    arguments: 2,
    run: ({ state }, [address, size]) => {
      const rest = state.taken.filter((range) => range.address !== address || range.size !== size);
      if (rest.length === state.taken.length) return [noValue];
      state.taken = rest;
      state.memoryChanged();
      return [];
    },
  },
};
