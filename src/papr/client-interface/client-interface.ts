// The Open Firmware client interface, answered by the machine itself: the guest calls a stub, which comes here by a
// private hypercall with the address of its cells in r4. (IEEE 1275, section 6.3; PowerPC binding, section 8)
import { GuestAddressError } from '../../cpu/guest-memory.ts';
import { hypercallStatus } from '../hypercalls/status.ts';
import type { CallEffect, HypercallHandlers } from '../hypercalls/types.ts';
import type { PlatformState } from '../platform-state.ts';
import { controlServices } from './control-services.ts';
import { deviceServices } from './device-services.ts';
import { Instances } from './instances.ts';
import { memoryServices } from './memory-services.ts';
import { maximumText, type Services } from './service.ts';
import { treeServices } from './tree-services.ts';

const headerBytes = 12;
/** More cells than any call has. */
const maximumCells = 32;
const failure = { status: hypercallStatus.H_HARDWARE, effect: { kind: 'continue' } } as const;

/** The interface of one machine. */
export class ClientInterface {
  readonly #state: PlatformState;
  readonly #instances = new Instances();
  readonly #counts: Map<string, number>;
  readonly #services: ReadonlyMap<string, Services[string]>;

  constructor(state: PlatformState, counts: Map<string, number>) {
    this.#state = state;
    this.#counts = counts;
    const services: Services = {
      ...treeServices,
      ...memoryServices,
      ...deviceServices,
      ...controlServices((name) => this.#services.has(name)),
    };
    this.#services = new Map(Object.entries(services));
  }

  reset(): void {
    this.#instances.reset();
  }

  /** The call whose cells are at `address`; status 0 or -1 for r3. Throws GuestAddressError for cells outside RAM. */
  #call(address: number, caller: number): { readonly status: bigint; readonly effect: CallEffect } {
    const { memory } = this.#state.services;
    const name = memory.readString(memory.read32(address), maximumText);
    const argumentCount = memory.read32(address + 4);
    const resultCount = memory.read32(address + 8);
    const service = name === undefined ? undefined : this.#services.get(name);
    if (service === undefined) {
      this.#state.services.log('unimp', `client interface: no service '${(name ?? '').slice(0, 64)}'`);
      return failure;
    }
    const label = `client-interface ${name}`;
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1);
    if (argumentCount < service.arguments || argumentCount > maximumCells || resultCount > maximumCells) return failure;
    const cells = Array.from({ length: argumentCount }, (_, n) => memory.read32(address + headerBytes + 4 * n));
    const returnsAt = address + headerBytes + 4 * argumentCount;
    if (!memory.contains(returnsAt, 4 * resultCount)) return failure;
    const context = { state: this.#state, memory, instances: this.#instances, caller };
    const result = service.run(context, cells);
    if (result === undefined) return failure;
    const returns = 'effect' in result ? result.returns : result;
    for (let n = 0; n < resultCount; n++) memory.write32(returnsAt + 4 * n, (returns[n] ?? 0) >>> 0);
    const effect: CallEffect = 'effect' in result ? result.effect : { kind: 'continue' };
    return { status: hypercallStatus.H_SUCCESS, effect };
  }

  /** The private hypercall. */
  handlers(): HypercallHandlers {
    return {
      H_CLIENT_INTERFACE: (call) => {
        try {
          // The caller is in 32-bit mode: the upper half of its register means nothing.
          return this.#call(Number(BigInt.asUintN(32, call.argument(0))), call.vcpu.index);
        } catch (error) {
          if (!(error instanceof GuestAddressError)) throw error;
          this.#state.services.log('guest_errors', `client interface: ${error.message}`);
          return failure;
        }
      },
    };
  }
}
