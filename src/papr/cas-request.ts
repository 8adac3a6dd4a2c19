// The argument of ibm,client-architecture-support: a list of PVRs, then option vectors. (PAPR, "ibm,client-architecture-support")
import type { GuestMemory } from '../cpu/guest-memory.ts';

/** A CPU that the client knows: all with (pvr & mask) equal to this. */
export interface PvrRecord {
  readonly mask: number;
  readonly pvr: number;
}

/** What the client said. */
export interface CasRequest {
  readonly pvrs: readonly PvrRecord[];
  /** By vector number from 1; byte 0 is the length byte, so that byte n is at index n. Empty when the client gave none. */
  readonly vectors: ReadonlyMap<number, Uint8Array>;
}

const maximumPvrs = 512;

/**
 * Reads the structure at a real address. Undefined when the list of PVRs has no end. Throws GuestAddressError outside RAM.
 */
export function readCasRequest(memory: GuestMemory, address: number): CasRequest | undefined {
  let at = address;
  const pvrs: PvrRecord[] = [];
  for (;;) {
    if (pvrs.length > maximumPvrs) return undefined;
    const mask = memory.read32(at);
    const pvr = memory.read32(at + 4);
    at += 8;
    pvrs.push({ mask, pvr });
    // The last record is the one that asks for bits which its mask leaves out.
    if ((pvr & ~mask) !== 0) break;
  }
  const vectors = new Map<number, Uint8Array>();
  const last = memory.read8(at) + 1;
  at++;
  for (let number = 1; number <= last; number++) {
    // The length byte counts the bytes after byte 1.
    const bytes = memory.read8(at) + 2;
    vectors.set(number, memory.readBytes(at, bytes));
    at += bytes;
  }
  return { pvrs, vectors };
}
