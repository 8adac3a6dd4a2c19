// Registers that the hypervisor sets when a machine starts. (Power ISA 3.1, book III, LPCR; Open Firmware PowerPC binding)
import type { PlatformEnvironment } from './platform-environment.ts';
import { lpcrBit } from './registers.ts';

/** LPCR of a vCPU that is about to run: its other fields are set by hypercalls. */
export function resetLpcr({ cpu }: PlatformEnvironment): bigint {
  return lpcrBit.LPES0 | lpcrBit.PECE | (cpu.decrementerBits > 0 ? lpcrBit.LD : 0n);
}

/** LPCR of a vCPU that waits for start-cpu: nothing ends its wait. */
export function stoppedLpcr(environment: PlatformEnvironment): bigint {
  return resetLpcr(environment) & ~lpcrBit.PECE;
}
