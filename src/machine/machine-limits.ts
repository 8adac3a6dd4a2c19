// What this release can build of all that an environment can ask for. Each limit refuses by name; none changes the guest.
import type { Environment } from '../environment/index.ts';
import { XIVE_SERVER_LIMIT } from '../interrupts/xive/xive.ts';

const mebibyte = 1 << 20;

/** Memory is one 32-bit WebAssembly memory together with the machine's own state, so less than 4 GiB. */
export const memoryLimits = { least: 256 * mebibyte, most: 3072 * mebibyte } as const;

/** vCPUs take turns in one thread. */
export const mostCpus = 16;

/** Interrupt servers, those of CPUs that can be plugged included: what the pages of XIVE are laid out for. */
export const mostServers = XIVE_SERVER_LIMIT;

/** One thing that is not built. */
export interface LimitReason {
  /** The option of the request, as the environment layer names it. */
  readonly option: 'memory' | 'maxmem' | 'cpus' | 'maxcpus' | 'cap-nested-papr';
  /** One sentence, with a way out. */
  readonly message: string;
}

/** Every reason why a machine of this environment cannot be built by this release; empty: it can. */
export function machineLimits(environment: Environment): readonly LimitReason[] {
  const reasons: LimitReason[] = [];
  const { size } = environment.memory;
  if (size < memoryLimits.least || size > memoryLimits.most) {
    reasons.push({
      option: 'memory',
      message: `${size / mebibyte} MiB of memory; this release can give ${memoryLimits.least / mebibyte} MiB to ${memoryLimits.most / mebibyte} MiB`,
    });
  }
  if (environment.smp.cpus > mostCpus) {
    reasons.push({ option: 'cpus', message: `${environment.smp.cpus} CPUs; this release can give 1 to ${mostCpus}` });
  }
  const { servers, threads, vsmt } = environment.smp;
  if (servers > mostServers) {
    const fitting = Math.floor(mostServers / vsmt) * threads;
    const wayOut = fitting > 0 ? `use maxcpus=${fitting} or less` : `use vsmt=${threads}`;
    reasons.push({
      option: 'maxcpus',
      message: `numbers of CPUs up to ${servers - 1}; this release can give ${mostServers} of them: ${wayOut}`,
    });
  }
  if (environment.memory.maximum > size) {
    reasons.push({ option: 'maxmem', message: 'memory that can be plugged is not built yet: leave maxmem out' });
  }
  if (environment.capabilities['nested-papr'] !== 0) {
    reasons.push({
      option: 'cap-nested-papr',
      message: 'the newer interface for guests inside the guest is not built yet: use cap-nested-papr=off',
    });
  }
  return reasons;
}
