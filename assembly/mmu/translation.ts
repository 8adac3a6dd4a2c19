// Result of a translation, in module globals: two values come back from a walk without allocation.

export const ACCESS_READ: i32 = 0;
export const ACCESS_WRITE: i32 = 1;
export const ACCESS_EXECUTE: i32 = 2;
/** Rights: bit number = access. */
export const CAN_READ: i32 = 1;
export const CAN_WRITE: i32 = 2;
export const CAN_EXECUTE: i32 = 4;

/** Outcomes. */
export const FOUND: i32 = 0;
export const FAULT: i32 = 1;
export const SEGMENT: i32 = 2;
/** A guest of the guest: the partition-scoped tree of its hypervisor says no. */
export const PARTITION: i32 = 3;

/** Guest real addresses have 60 bits; real mode ignores the rest (Book III, section 6.7.3). */
export const REAL_MASK: u64 = 0x0fff_ffff_ffff_ffff;

// DSISR bits; the same places serve in SRR1 for instruction storage interrupts (Book III, sections 7.5.3 and 7.5.5).
export const NO_TRANSLATION: u64 = 0x40000000;
export const NO_EXECUTE: u64 = 0x10000000;
export const PROTECTION: u64 = 0x08000000;
export const UNSUPPORTED_ACCESS: u64 = 0x04000000;
export const STORE: u64 = 0x02000000;
export const KEY: u64 = 0x00200000;
export const BAD_CONFIGURATION: u64 = 0x00080000;
export const BAD_PROCESS_TABLE: u64 = 0x00020000;
// Bits of HDSISR and HSRR1 (sections 7.5.16 and 7.5.17): R or C of the partition-scoped entry are to be set; the access was one to
// a table of the guest.
export const SET_RC: u64 = 0x00040000;
export const TABLE_ACCESS: u64 = 0x00020000;
/** With {@link TABLE_ACCESS}: a store there. It is bit 38 of HDSISR and bit 47 of HSRR1; here, a bit that neither has. */
export const TABLE_STORE: u64 = 0x1_0000_0000;

export let real: u64 = 0;
export let rights: i32 = 0;
/** The page's C bit is set, so that stores need no walk. */
export let changed: bool = false;
/** The rights depend on AMR. */
export let keyed: bool = false;
export let fault: u64 = 0;
/** Of a fault in the partition-scoped tree: the guest real address. */
export let guestReal: u64 = 0;
/** The translation is the same for all addresses that share the bits above these with it, and so are rights and C. */
export let sharedBits: i32 = 12;
/** Number of the hash page table entry that the translation comes from. */
export let slot: u32 = 0;

export function foundInSlot(number: u32): void {
  slot = number;
}

export function found(address: u64, allowed: i32, isChanged: bool, isKeyed: bool): i32 {
  real = address;
  rights = allowed;
  changed = isChanged;
  keyed = isKeyed;
  sharedBits = 12;
  return FOUND;
}

/** As {@link found}, by a leaf that translates so many low bits of an address to themselves. */
export function foundInLeaf(bits: i32, address: u64, allowed: i32, isChanged: bool, isKeyed: bool): i32 {
  found(address, allowed, isChanged, isKeyed);
  sharedBits = bits;
  return FOUND;
}

export function faulted(bits: u64): i32 {
  fault = bits;
  return FAULT;
}

export function faultedInPartition(bits: u64, real: u64): i32 {
  fault = bits;
  guestReal = real;
  return PARTITION;
}
