// The digest of hashst and hashchk, and whether they do anything (Power ISA v3.1B Book I, section 3.3.17; Book III,
// section 9.4.4, DEXCR).
//
// The digest is the sum of two halves, each of two blocks of 32 bits made of bytes of RA and RB in turn. Each block goes
// through Simon with a 64-bit key (Beaulieu and others, "The SIMON and SPECK families of lightweight block ciphers", 2013);
// the four differ in where they begin among each four round keys.
import * as R from '../supervisor/registers';

const SPR_HASHKEYR: i32 = 468;
const SPR_HASHPKEYR: i32 = 469;
const SPR_HDEXCR: i32 = 471;
const SPR_DEXCR: i32 = 828;

/** Simon's constant sequence z0, first bit at the left. */
const SEQUENCE: u64 = 0xfa2561cdf44ac398;
const ROUNDS: i32 = 32;

/** Round keys of the last key that was used, 2 bytes each. */
const keys = memory.data(64, 16);

/** Expands a key; its left halfword is the first round key. */
function expand(key: u64): void {
  for (let i = 0; i < 4; i++) store<u16>(keys + 2 * i, <u16>(key >> (48 - 16 * i)));
  for (let i = 4; i < ROUNDS; i++) {
    const at = keys + 2 * i;
    let mixed = rotr<u16>(load<u16>(at - 2), 3) ^ load<u16>(at - 6);
    mixed ^= rotr<u16>(mixed, 1);
    const constant = <u16>(0xfffc | ((SEQUENCE >> (67 - i)) & 1));
    store<u16>(at, load<u16>(at - 8) ^ mixed ^ constant);
  }
}

/** A block enciphered: its right half is the first word of the cipher. */
function encipher(block: u32, lane: i32): u64 {
  let x = <u16>block;
  let y = <u16>(block >> 16);
  for (let i = 0; i < ROUNDS; i++) {
    const key = load<u16>(keys + 2 * ((i & ~3) | ((i + lane) & 3)));
    const next = y ^ (rotl<u16>(x, 1) & rotl<u16>(x, 8)) ^ rotl<u16>(x, 2) ^ key;
    y = x;
    x = next;
  }
  return ((<u64>y) << 16) | <u64>x;
}

/** Bytes of two words in turn: the last of `odd`, the first of `even`, the last but one of `odd`, and so on. */
function interleave(odd: u32, even: u32): u64 {
  let result: u64 = 0;
  for (let i = 0; i < 4; i++) {
    result = (result << 8) | ((odd >> (8 * i)) & 255);
    result = (result << 8) | ((even >> (24 - 8 * i)) & 255);
  }
  return result;
}

/** HashDigest of RA and RB; with `privileged` ≠ 0 under HASHPKEYR, else HASHKEYR. */
export function hashDigest(cpu: usize, ra: u64, rb: u64, privileged: i32): u64 {
  expand(R.spr(cpu, privileged ? SPR_HASHPKEYR : SPR_HASHKEYR));
  const first = interleave(<u32>rb, <u32>(ra >> 32));
  const second = interleave(<u32>(rb >> 32), <u32>ra);
  const high = (encipher(<u32>(first >> 32), 0) << 32) | encipher(<u32>first, 1);
  const low = (encipher(<u32>(second >> 32), 2) << 32) | encipher(<u32>second, 3);
  return high ^ low;
}

/** Nonzero when DEXCR or HDEXCR enforces this aspect (5: NPHIE, 6: PHIE) in the present state. */
export function aspectEnforced(cpu: usize, aspect: i32): i32 {
  const problem = (R.msr(cpu) & R.MSR_PR) != 0;
  // PNH are bits 0:31, PRO and ENF bits 32:63.
  const own = R.spr(cpu, SPR_DEXCR) >> (problem ? 31 - aspect : 63 - aspect);
  return <i32>((own | (R.spr(cpu, SPR_HDEXCR) >> (31 - aspect))) & 1);
}
