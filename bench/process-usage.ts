// What a process has used so far, from Linux's /proc: processor time of all its threads, peak resident memory.
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Processor time of the threads that are alive, in milliseconds; 0 where the system does not tell.
 * It grows only while the process runs, so that other load on the machine disturbs it less than a clock.
 */
export function processorMilliseconds(pid: number): number {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
    }
    return nanoseconds / 1e6;
  } catch {
    return 0; // the process, or a thread between the two reads, has just ended
  }
}

/** Peak resident memory in MiB; 0 where the system does not tell. */
export function peakResidentMebibytes(pid: number): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return Number(match?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
