// Virtual processor areas, SLB shadow buffers, dispatch trace logs: memory that a guest shares with the hypervisor for
// each vCPU. (PAPR, "H_REGISTER_VPA")
import type { GuestMemory } from '../../cpu/guest-memory.ts';
import type { PlatformState } from '../platform-state.ts';
import { ramAddress } from '../real-address.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandlers } from './types.ts';

/** Fields by byte offset. */
const sizeField = 4;
const sharedProcessorField = 9;
const yieldCountField = 0x100;
/** Value of the shared-processor byte: the guest gives idle time back by H_CEDE. */
const isShared = 2;
/** No area but a trace log may cross a boundary of this many bytes. */
const pageBytes = 4096;
/** A VPA starts at a multiple of this. */
const vpaAlignment = 128;
const smallest = { vpa: 640, traceLog: 48, slbShadow: 8 } as const;

type AreaName = keyof typeof smallest;
type Areas = Partial<Record<AreaName, number>>;

/** The function code in bits 16…18 of the flags. */
const functionShift = 45n;
const areaOfFunction: Readonly<Record<number, AreaName>> = { 1: 'vpa', 2: 'traceLog', 3: 'slbShadow' };
/** Added to the function code of a registration. */
const deregister = 4;

function crossesPage(address: number, size: number): boolean {
  return Math.floor(address / pageBytes) !== Math.floor((address + size - 1) / pageBytes);
}

/** The areas of all vCPUs. */
export class VpaTable {
  readonly #memory: GuestMemory;
  readonly #areas: Areas[];

  constructor(memory: GuestMemory, vcpus: number) {
    this.#memory = memory;
    this.#areas = Array.from({ length: vcpus }, () => ({}));
  }

  reset(): void {
    this.#areas.fill({});
  }

  /** A vCPU that stops or starts has no areas. */
  forget(index: number): void {
    this.#areas[index] = {};
  }

  /** The yield count of a vCPU with a VPA. */
  yieldCount(index: number): number | undefined {
    const vpa = this.#areas[index]?.vpa;
    return vpa === undefined ? undefined : this.#memory.read32(vpa + yieldCountField);
  }

  /** Makes the yield count even when the vCPU starts to run and odd when it stops; it never goes back. */
  dispatched(index: number, running: boolean): void {
    const vpa = this.#areas[index]?.vpa;
    if (vpa === undefined) return;
    const count = this.#memory.read32(vpa + yieldCountField);
    const isOdd = (count & 1) === 1;
    if (isOdd === running) this.#memory.write32(vpa + yieldCountField, (count + 1) >>> 0);
  }

  /** Registers an area at a real address; `running` tells whether its vCPU runs now. */
  register(index: number, name: AreaName, address: bigint, running: boolean): bigint {
    if (address === 0n) return status.H_HARDWARE;
    // Up to the size field; it decides how much more has to be RAM.
    const start = ramAddress(this.#memory, address, sizeField + 4);
    if (start === undefined) return status.H_PARAMETER;
    const size = name === 'vpa' ? this.#memory.read16(start + sizeField) : this.#memory.read32(start + sizeField);
    if (size < smallest[name] || !this.#memory.contains(start, size)) return status.H_PARAMETER;
    if (name !== 'traceLog' && crossesPage(start, size)) return status.H_PARAMETER;
    const areas = this.#areas[index] ?? {};
    if (name === 'vpa') {
      if (start % vpaAlignment !== 0) return status.H_PARAMETER;
      this.#memory.write8(start + sharedProcessorField, isShared);
      this.#memory.write32(start + yieldCountField, running ? 0 : 1);
    } else if (areas.vpa === undefined) return status.H_RESOURCE;
    this.#areas[index] = { ...areas, [name]: start };
    return status.H_SUCCESS;
  }

  deregister(index: number, name: AreaName): bigint {
    const { [name]: _gone, ...rest } = this.#areas[index] ?? {};
    if (name === 'vpa' && Object.keys(rest).length > 0) return status.H_RESOURCE;
    this.#areas[index] = rest;
    return status.H_SUCCESS;
  }
}

/** H_REGISTER_VPA. */
export function vpaHandlers(state: PlatformState, vpas: VpaTable): HypercallHandlers {
  return {
    H_REGISTER_VPA: (call) => {
      const flags = call.argument(0);
      const code = Number((flags >> functionShift) & 7n);
      if (flags !== BigInt(code) << functionShift) return status.H_PARAMETER;
      const index = state.indexOfServer(call.argument(1));
      if (index === undefined) return status.H_PARAMETER;
      const name = areaOfFunction[code & (deregister - 1)];
      if (name === undefined) return status.H_PARAMETER;
      if (code >= deregister) return vpas.deregister(index, name);
      const running = index === call.vcpu.index || state.services.vcpuState(index) === 'running';
      return vpas.register(index, name, call.argument(2), running);
    },
  };
}
