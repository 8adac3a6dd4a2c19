// Random bytes that are the same in each run, for -icount, where a run must repeat exactly. The guest's random numbers are
// then known to everybody: for looking for faults, not for keys.
import { createHash } from 'node:crypto';

/** A source of bytes: SHA-256 of a counter, one block after the other. */
export function repeatableRandom(): (into: Uint8Array) => void {
  let block = new Uint8Array(0);
  let used = 0;
  let counter = 0;
  return (into) => {
    for (let index = 0; index < into.length; index++) {
      if (used === block.length) {
        block = createHash('sha256').update(`continuo ${counter++}`).digest();
        used = 0;
      }
      into[index] = block[used++] ?? 0;
    }
  };
}
