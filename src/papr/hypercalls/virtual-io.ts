// Virtual I/O calls of a machine whose only virtual devices are the terminal and the NVRAM. (PAPR, "virtual I/O")
import { nvramUnit, vtyUnit } from '../device-tree/vdevice.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandler, HypercallHandlers } from './types.ts';

/** No device has a command/response queue, is a network adapter or an NVDIMM. */
const noSuchUnit: HypercallHandler = () => status.H_PARAMETER;

const names = [
  'H_REG_CRQ',
  'H_FREE_CRQ',
  'H_SEND_CRQ',
  'H_ENABLE_CRQ',
  'H_REGISTER_LOGICAL_LAN',
  'H_FREE_LOGICAL_LAN',
  'H_ADD_LOGICAL_LAN_BUFFER',
  'H_SEND_LOGICAL_LAN',
  'H_MULTICAST_CTRL',
  'H_CHANGE_LOGICAL_LAN_MAC',
  'H_SCM_READ_METADATA',
  'H_SCM_WRITE_METADATA',
  'H_SCM_BIND_MEM',
  'H_SCM_UNBIND_MEM',
  'H_SCM_UNBIND_ALL',
  'H_SCM_HEALTH',
  'H_SCM_FLUSH',
] as const;

/** Modes that each unit's interrupt can be put into. */
const modes: ReadonlyMap<bigint, bigint> = new Map([
  [BigInt(vtyUnit), 1n],
  [BigInt(nvramUnit), 0n],
]);

/** Which units' interrupts the guest has switched on. */
export class VirtualIoSignals {
  readonly #on = new Set<number>();

  isOn(unit: number): boolean {
    return this.#on.has(unit);
  }
  set(unit: number, on: boolean): void {
    if (on) this.#on.add(unit);
    else this.#on.delete(unit);
  }
  reset(): void {
    this.#on.clear();
  }
}

export function virtualIoHandlers(signals: VirtualIoSignals): HypercallHandlers {
  const refused = Object.fromEntries(names.map((name) => [name, noSuchUnit]));
  return {
    ...refused,
    H_VIO_SIGNAL: (call) => {
      const unit = call.argument(0);
      const mode = call.argument(1);
      const allowed = modes.get(unit);
      if (allowed === undefined || (mode & ~allowed) !== 0n) return status.H_PARAMETER;
      signals.set(Number(unit), mode !== 0n);
      return status.H_SUCCESS;
    },
  };
}
