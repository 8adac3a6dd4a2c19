// One RTAS call: cells token, nargs, nret, arguments, returns, all big-endian. (PAPR, "RTAS argument buffer")
import { GuestAddressError, type GuestMemory } from '../../cpu/guest-memory.ts';
import type { Vcpu } from '../../cpu/vcpu.ts';
import { hypercallStatus } from '../hypercalls/status.ts';
import type {
  CallEffect,
  HypercallHandlers,
  RtasCall,
  RtasEffect,
  RtasHandler,
  RtasHandlers,
} from '../hypercalls/types.ts';
import { ramAddress } from '../real-address.ts';
import type { PlatformServices } from '../services.ts';
import { rtasStatus } from './status.ts';

const headerBytes = 12;
/** More cells than any call has. */
const maximumCells = 32;

/** The cells of one call in guest memory; the whole block was checked to be RAM. */
class CellCall implements RtasCall {
  readonly vcpu: Vcpu;
  readonly memory: GuestMemory;
  readonly argumentCount: number;
  readonly resultCount: number;
  readonly #arguments: number;

  constructor(vcpu: Vcpu, memory: GuestMemory, block: number) {
    this.vcpu = vcpu;
    this.memory = memory;
    this.argumentCount = memory.read32(block + 4);
    this.resultCount = memory.read32(block + 8);
    this.#arguments = block + headerBytes;
  }
  argument(n: number): number {
    return n < this.argumentCount ? this.memory.read32(this.#arguments + 4 * n) : 0;
  }
  setResult(n: number, value: number): void {
    if (n < this.resultCount) this.memory.write32(this.#arguments + 4 * (this.argumentCount + n), value >>> 0);
  }
}

/** A row of the table: a call that exists. */
export interface RtasToken {
  readonly name: string;
  readonly token: number;
}

function run(handler: RtasHandler, call: RtasCall, services: PlatformServices, name: string): RtasEffect {
  const goOn: CallEffect = { kind: 'continue' };
  try {
    const result = handler(call);
    return typeof result === 'number' ? { status: result, effect: goOn } : result;
  } catch (error) {
    if (!(error instanceof GuestAddressError)) throw error;
    services.log('guest_errors', `${name} from vCPU ${call.vcpu.index}: ${error.message}`);
    return { status: rtasStatus.PARAMETER, effect: goOn };
  }
}

/** The private call by which the RTAS blob, or firmware, comes here: r4 is the address of the cells. */
export function rtasDispatcher(
  services: PlatformServices,
  exist: readonly RtasToken[],
  handlers: RtasHandlers,
  counts: Map<string, number>,
): HypercallHandlers {
  const byName = new Map(Object.entries(handlers));
  const table = new Map(exist.map(({ name, token }) => [token, { name, handler: byName.get(name) }] as const));
  return {
    H_RTAS: (call) => {
      const header = ramAddress(call.memory, call.argument(0), headerBytes);
      if (header === undefined) return hypercallStatus.H_PARAMETER;
      const argumentCount = call.memory.read32(header + 4);
      const resultCount = call.memory.read32(header + 8);
      if (argumentCount > maximumCells || resultCount > maximumCells) return hypercallStatus.H_PARAMETER;
      if (!call.memory.contains(header, headerBytes + 4 * (argumentCount + resultCount))) {
        return hypercallStatus.H_PARAMETER;
      }
      const token = call.memory.read32(header);
      const row = table.get(token);
      const name = `RTAS ${row?.name ?? `0x${token.toString(16)}`}`;
      if (row !== undefined || counts.size < 10_000) counts.set(name, (counts.get(name) ?? 0) + 1);
      const cells = new CellCall(call.vcpu, call.memory, header);
      if (row?.handler === undefined) {
        services.log('unimp', `${name} from vCPU ${call.vcpu.index}: not supported`);
        cells.setResult(0, rtasStatus.NOT_SUPPORTED);
        return hypercallStatus.H_SUCCESS;
      }
      const { status, effect } = run(row.handler, cells, services, name);
      cells.setResult(0, status);
      return { status: hypercallStatus.H_SUCCESS, effect };
    },
  };
}
