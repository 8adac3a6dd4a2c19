// The guest hypervisors that are booted, and which checks end otherwise than with `ok` on them, with the reasons.
import type { Exception } from './report.ts';

/** One machine. */
export interface NestedMachine {
  readonly name: string;
  readonly cpu: string;
  readonly cpus: number;
  /** Properties of -machine besides cap-nested-hv=on. */
  readonly properties: readonly string[];
  /** Words of the kernel's command line. */
  readonly words: readonly string[];
  /** Why QEMU 7.2 cannot run the same; absent: it can. */
  readonly notOnQemu?: string;
}

const byCall = { properties: ['cap-rpt-invalidate=on'], notOnQemu: 'TCG has no H_RPT_INVALIDATE' } as const;

/**
 * The machines: H_TLB_INVALIDATE and H_RPT_INVALIDATE, one and two vCPUs, both interrupt controllers, both CPUs. With
 * `radix_hcall_invalidate=on` the hypervisor gives up GTSE, and with that its guests do: neither may use tlbie.
 */
export const nestedMachines: readonly NestedMachine[] = [
  { name: 'power9/1', cpu: 'power9_v2.0', cpus: 1, properties: [], words: [] },
  { name: 'power9/2', cpu: 'power9_v2.0', cpus: 2, properties: [], words: [] },
  { name: 'power9-xics/2', cpu: 'power9_v2.0', cpus: 2, properties: [], words: ['xive=off'] },
  { name: 'power9-rpt-invalidate/1', cpu: 'power9_v2.0', cpus: 1, words: [], ...byCall },
  { name: 'power9-rpt-invalidate/2', cpu: 'power9_v2.0', cpus: 2, words: ['radix_hcall_invalidate=on'], ...byCall },
  { name: 'power10/1', cpu: 'power10_v2.0', cpus: 1, properties: [], words: [] },
  { name: 'power10-rpt-invalidate/2', cpu: 'power10_v2.0', cpus: 2, words: [], ...byCall },
];

/** Checks that QEMU 7.2 cannot pass. One that is `missing` is left out: it would end QEMU. */
export const qemuExceptions: readonly Exception[] = [
  { check: 'doorbell', verdict: 'missing', reason: 'QEMU ends: "SDOOR exception not implemented"' },
  { check: 'invalidate-by-call', verdict: 'skip', reason: 'TCG has no H_RPT_INVALIDATE' },
  { check: 'breakpoint', verdict: 'skip', reason: 'HEIR is not set' },
  {
    check: 'third-level',
    verdict: 'missing',
    reason: 'TCG sets C of a guest’s pages where KVM of the next level does not look, and two vCPUs there get stuck',
  },
  { check: 'breakpoint-register', verdict: 'skip', reason: 'TCG has no CIABR' },
  { check: 'watchpoint', verdict: 'skip', reason: 'TCG has no DAWR' },
];

/** Checks that boot a whole kernel: most of a boot's time. */
export const longChecks: readonly string[] = ['linux', 'third-level'];

/** Checks that a machine of ours cannot pass. */
export function exceptionsOf({ properties }: NestedMachine): Exception[] {
  if (properties.includes('cap-rpt-invalidate=on')) return [];
  return [{ check: 'invalidate-by-call', verdict: 'skip', reason: 'the machine has no H_RPT_INVALIDATE' }];
}
