// Real addresses and lengths from guest registers: turned into numbers once, here.
import type { GuestMemory } from '../cpu/guest-memory.ts';

/** `address` as a number when [address, address + length) is RAM, else undefined. */
export function ramAddress(memory: GuestMemory, address: bigint, length: bigint | number): number | undefined {
  const bytes = BigInt(length);
  if (address < 0n || bytes < 0n || address + bytes > BigInt(memory.size)) return undefined;
  return Number(address);
}
