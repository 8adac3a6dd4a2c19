// How a host takes the compatibility level of its vCPUs: a register of KVM that is written only when it changes, all vCPUs
// or none. (guest environment, section 7.2; KVM_REG_PPC_ARCH_COMPAT)
import type { Provision } from '../../environment/index.ts';
import type { HostFault } from './kernel-devices.ts';
import { transact } from './transaction.ts';

/** What became of a wish: the PCR follows it, nothing follows, or it was refused. */
export type LevelOutcome = 'set' | 'ignored' | 'refused';

/** The registers of all vCPUs of one virtual machine; kept over resets. */
export class LevelRegisters {
  readonly #how: Provision['compat'];
  readonly #values: number[];
  readonly #fault: HostFault;
  #writes = 0;

  constructor(how: Provision['compat'], cpus: number, fault: HostFault) {
    this.#how = how;
    this.#values = new Array<number>(cpus).fill(0);
    this.#fault = fault;
  }

  /** Writes of the register so far, those that the kernel refused included. */
  get writes(): number {
    return this.#writes;
  }

  /** Sets the level of all vCPUs by its logical PVR, 0 for none. */
  set(logicalPvr: number): LevelOutcome {
    if (this.#how === 'pcr') return 'set';
    const problem = transact(
      this.#values.map((before, index) => ({
        name: `level of vCPU ${index}`,
        perform: () => (before === logicalPvr ? undefined : this.#write(index, logicalPvr)),
        undo: () => this.#restore(index, before),
      })),
    );
    if (problem !== undefined) return 'refused';
    return this.#how === 'ignored' && logicalPvr !== 0 ? 'ignored' : 'set';
  }

  #restore(index: number, before: number): void {
    if (this.#values[index] === before) return;
    this.#writes += 1;
    this.#values[index] = before;
  }

  #write(index: number, logicalPvr: number): string | undefined {
    this.#writes += 1;
    if (this.#how === 'none' || this.#fault(`level of vCPU ${index}`)) return 'EINVAL';
    this.#values[index] = logicalPvr;
    return undefined;
  }
}
