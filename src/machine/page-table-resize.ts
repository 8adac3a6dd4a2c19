// H_RESIZE_HPT_PREPARE and H_RESIZE_HPT_COMMIT: a guest asks for a hash page table of another size. (PAPR, "HPT
// resizing"; the guest stops its other CPUs around the second call)
import type { Environment } from '../environment/index.ts';
import { hypercallStatus as status } from '../papr/hypercalls/status.ts';
import type { Hypercall, HypercallHandlers } from '../papr/hypercalls/types.ts';
import { lpcrBit, spr } from '../papr/registers.ts';

/** log2 of the smallest and largest table that the architecture has. */
const leastShift = 18n;
const mostShift = 46n;
/** log2 of the largest table that a machine of 32-bit linear memory makes room for, twice. */
const roomShift = 26;

/** Bytes that a machine's table can grow to: twice what its largest memory needs, as far as there is room. */
export function hptCapacity({ memory }: Environment): number {
  return 2 ** Math.max(memory.hptShift.initial, Math.min(memory.hptShift.maximum + 1, roomShift));
}

/** The part of the engine that the calls need. */
export interface ResizeEngine {
  readonly hptPlaces: { readonly bases: readonly [number, number]; readonly capacity: number };
  readonly dataPlane: {
    hptClear(at: number, bytes: number): void;
    hptRehash(to: number, bytes: number): number;
  };
}

/** A radix guest has no hash page table. */
function isRadix({ vcpu }: Hypercall): boolean {
  return (vcpu.spr(spr.LPCR) & lpcrBit.HR) !== 0n;
}

/** Handlers of one machine from its reset on. */
export function resizeHypercalls(environment: Environment, engine: ResizeEngine): HypercallHandlers {
  const { bases, capacity } = engine.hptPlaces;
  let current: 0 | 1 = 0;
  let prepared: number | undefined;
  return {
    H_RESIZE_HPT_PREPARE: (call) => {
      const shift = call.argument(1);
      if (environment.resizeHpt === 'disabled') return status.H_AUTHORITY;
      if (isRadix(call)) return status.H_NOT_AVAILABLE;
      if (call.argument(0) !== 0n) return status.H_PARAMETER;
      if (shift === 0n) {
        prepared = undefined;
        return status.H_SUCCESS;
      }
      if (shift < leastShift || shift > mostShift) return status.H_PARAMETER;
      if (2 ** Number(shift) > capacity) return status.H_RESOURCE;
      if (prepared === Number(shift)) return status.H_SUCCESS;
      prepared = Number(shift);
      engine.dataPlane.hptClear(bases[current === 0 ? 1 : 0], 2 ** prepared);
      return status.H_SUCCESS;
    },
    H_RESIZE_HPT_COMMIT: (call) => {
      if (environment.resizeHpt === 'disabled') return status.H_AUTHORITY;
      if (isRadix(call)) return status.H_NOT_AVAILABLE;
      if (call.argument(0) !== 0n) return status.H_PARAMETER;
      if (prepared === undefined || call.argument(1) !== BigInt(prepared)) return status.H_CLOSED;
      const other = current === 0 ? 1 : 0;
      const moved = engine.dataPlane.hptRehash(bases[other], 2 ** prepared);
      prepared = undefined;
      if (moved === 0) return status.H_PTEG_FULL;
      current = other;
      return status.H_SUCCESS;
    },
  };
}
