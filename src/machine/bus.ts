// Real addresses outside RAM: which device answers.
import type { SpaprIrq } from '../interrupts/spapr-irq.ts';

/** Answers accesses outside RAM. An address is given by its upper and lower 32 bits, unsigned. */
export interface Bus {
  /** The value as a big-endian load of `size` bytes sees it; undefined when nothing is there. */
  read(vcpu: number, high: number, low: number, size: number): bigint | undefined;
  /** False when nothing is there. */
  write(vcpu: number, high: number, low: number, size: number, value: bigint): boolean;
}

/** The bus of a machine: the XIVE pages. */
export function createBus(irq: SpaprIrq): Bus {
  return {
    read: (vcpu, high, low, size) =>
      irq.containsMmio(high, low) ? irq.mmioRead(vcpu, { hi: high, lo: low }, size) : undefined,
    write: (vcpu, high, low, size, value) => {
      if (!irq.containsMmio(high, low)) return false;
      irq.mmioWrite(vcpu, { hi: high, lo: low }, size, value);
      return true;
    },
  };
}
