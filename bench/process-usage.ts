// What a process has used so far, from Linux's /proc: processor time of all its threads, peak resident memory.
import { readdirSync, readFileSync } from 'node:fs';

/** Processor time of each thread that is alive, in milliseconds by thread number; empty where the system does not tell. */
export function threadMilliseconds(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const nanoseconds = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0];
      times.set(thread, Number(nanoseconds) / 1e6);
    }
  } catch {
    // The process, or a thread between the two reads, has just ended: what was read so far is still true.
  }
  return times;
}

/** Processor time of all threads that are alive, in milliseconds. */
export function processorMilliseconds(pid: number): number {
  return [...threadMilliseconds(pid).values()].reduce((sum, time) => sum + time, 0);
}

/**
 * Processor time of the thread that used most of it between two looks: of the one that runs the guest. On a machine without
 * other load that is the time that passes, since compilers work beside it.
 */
export function busiestThread(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return Math.max(0, ...[...after].map(([thread, time]) => time - (before.get(thread) ?? 0)));
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
