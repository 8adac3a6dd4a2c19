// darn: random numbers from a generator that the host seeds (Power ISA Book I, section 3.3.9).

let state0: u64 = 0;
let state1: u64 = 0;

/** Sets the generator's state from host entropy; both zero means that there is none. */
export function seedRandom(seed0: i64, seed1: i64): void {
  state0 = <u64>seed0;
  state1 = <u64>seed1;
}

/** The next 64 bits (xoroshiro128++). */
function next(): u64 {
  const sum = state0 + state1;
  const result = rotl<u64>(sum, 17) + state0;
  const mixed = state1 ^ state0;
  state0 = rotl<u64>(state0, 49) ^ mixed ^ (mixed << 21);
  state1 = rotl<u64>(mixed, 28);
  return result;
}

/** darn: L = 0 gives 32 bits, 1 and 2 give 64; all ones reports an error (no seed, or L = 3). */
export function deliverRandomNumber(_cpu: usize, l: i32): i64 {
  if (l === 3 || (state0 | state1) === 0) return -1;
  const value = next();
  return <i64>(l === 0 ? value & 0xffff_ffff : value);
}
