// Lets a machine's thread run before those that compile and collect garbage for it: with few processors they would take turns
// with it, and a guest would stand still in the middle of what it does.
import { readdirSync, readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';

/** Steps of nice(2) between a machine's thread and its helpers: about a tenth of its share where they compete. */
const stepsBehind = 10;
const lowestPriority = 19;

/**
 * Puts the threads that the process has now behind this one and its first one, for good: a program without privileges can't take that
 * back. For processes that are there for one machine. Does nothing where threads have no priorities of their own.
 */
export function preferThisThread(): void {
  // Only Linux has a priority for each thread, and lets a thread be named where a process is expected.
  if (process.platform !== 'linux') return;
  try {
    const own = Number(basename(readlinkSync('/proc/thread-self')));
    const behind = Math.min(getPriority(own) + stepsBehind, lowestPriority);
    for (const thread of readdirSync('/proc/self/task').map(Number)) {
      if (thread !== own && thread !== process.pid) setPriority(thread, behind);
    }
  } catch {
    // Without /proc, or without leave to do this, everything runs as it is.
  }
}
