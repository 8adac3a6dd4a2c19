// A radix tree: its root doubleword, its levels, its leaves (Power ISA v3.1 Book III, section 6.7.10.2). A walk keeps its place
// in module globals: several values come back without allocation.
import * as L from '../generated/layout';
import * as T from './translation';

const VALID: u64 = 1 << 63;
const LEAF: u64 = 1 << 62;
export const R: u64 = 0x100;
export const C: u64 = 0x80;
const ATT: u64 = 0x30;
const ATT_NON_IDEMPOTENT: u64 = 0x20;
export const PRIVILEGED: u64 = 8;
const READ: u64 = 4;
const WRITE: u64 = 2;
const EXECUTE: u64 = 1;
const NEXT_LEVEL: u64 = 0x0fff_ffff_ffff_ff00;
const RPN: u64 = 0x01ff_ffff_ffff_f000;

/** Real address of the doubleword of the level that the walk is at. */
export let next: u64 = 0;
/** Its host address. */
export let entry: usize = 0;
/** The leaf; 0 before it is found. */
export let leaf: u64 = 0;
let base: u64 = 0;
/** Address bits that this level and those below it translate; bits of this level. */
let bits: i32 = 0;
let width: i32 = 0;

/** Host address of `bytes` at a real address, 0 when they do not lie in RAM. */
@inline export function hostOf(real: u64, bytes: u64): usize {
  const size = load<u64>(L.W_ramBytes);
  return real < size && real + bytes <= size ? load<u32>(L.W_ramBase) + <u32>real : 0;
}

/** Starts at a root doubleword (RTS, base, size of the first level); false when the tree does not cover the address. */
@inline export function begin(root: u64, address: u64): bool {
  bits = 31 + <i32>(((root >> 58) & 0x18) | ((root >> 5) & 7));
  base = root & NEXT_LEVEL;
  width = <i32>(root & 31);
  leaf = 0;
  return bits <= 62 && address >> bits == 0;
}

/** Goes to the doubleword of the next level; false when a level of no bits, or below 4 KiB, would follow. */
@inline export function nextLevel(address: u64): bool {
  if (width == 0 || bits - width < 12) return false;
  bits -= width;
  next = base + (((address >> bits) & (((<u64>1) << width) - 1)) << 3);
  return true;
}

/** Takes the doubleword at a host address as leaf or as directory; false when it is not valid. */
@inline export function take(at: usize): bool {
  const word = bswap(load<u64>(at));
  entry = at;
  if (!(word & VALID)) return false;
  if (word & LEAF) leaf = word;
  else {
    base = word & NEXT_LEVEL;
    width = <i32>(word & 31);
  }
  return true;
}

/** Low bits of an address that the leaf leaves as they are. */
@inline export function leafBits(): i32 {
  return bits;
}

/** Real address that the leaf gives to an address. */
@inline export function realAddress(address: u64): u64 {
  const offset = ((<u64>1) << bits) - 1;
  return (leaf & RPN & ~offset) | (address & offset);
}

/** Rights of a leaf (bits CAN_READ, …) before keys and privilege. */
@inline export function rights(word: u64): i32 {
  return (
    (word & (READ | WRITE) ? T.CAN_READ : 0) |
    (word & WRITE ? T.CAN_WRITE : 0) |
    (word & EXECUTE && (word & ATT) != ATT_NON_IDEMPOTENT ? T.CAN_EXECUTE : 0)
  );
}

let savedNext: u64 = 0;

/** Puts the walk aside for another one; returns what {@link restore} needs besides. */
@inline export function save(): u64 {
  savedNext = next;
  return (<u64>bits << 32) | <u64>width;
}

/** Takes up a walk that has not come to its leaf, or has: `leaf` is 0 then. */
@inline export function restore(place: u64): void {
  next = savedNext;
  bits = <i32>(place >> 32);
  width = <i32>(place & 0xffffffff);
  leaf = 0;
}
