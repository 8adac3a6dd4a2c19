// The two structures of H_ENTER_NESTED in the hypervisor's memory: what Linux calls hv_guest_state (versions 1 and 2) and pt_regs,
// in the byte order that the hypervisor runs in.
import * as L from '../generated/layout';
import { codeWritten } from '../imports';
import { hostOf } from '../mmu/tree';

/** Bytes of the first structure by version; of the second. */
export const STATE_V1_BYTES: u64 = 232;
export const STATE_V2_BYTES: u64 = 248;
export const REGISTERS_BYTES: u64 = 352;

// Byte offsets of doublewords in the first structure; the LPID and the vCPU token are words.
export const VERSION: i32 = 0;
export const LPID: i32 = 8;
export const VCPU_TOKEN: i32 = 12;
export const LPCR: i32 = 16;
export const PCR: i32 = 24;
export const DPDES: i32 = 40;
export const HFSCR: i32 = 48;
export const TB_OFFSET: i32 = 56;
export const DAWR0: i32 = 64;
export const DAWRX0: i32 = 72;
export const CIABR: i32 = 80;
export const HDEC_EXPIRY: i32 = 88;
export const PURR: i32 = 96;
export const SPURR: i32 = 104;
export const VTB: i32 = 120;
export const HDAR: i32 = 128;
export const HDSISR: i32 = 136;
export const HEIR: i32 = 144;
export const ASDR: i32 = 152;
export const DAWR1: i32 = 232;
export const DAWRX1: i32 = 240;
/** Pairs of an SPR that is loaded and stored as it is, and its offset: IC, SRR0, SRR1, SPRG0 to SPRG3, PIDR, CFAR, PPR. */
const plain: usize = memory.data<u16>([
  848, 112, 26, 160, 27, 168, 272, 176, 273, 184, 274, 192, 275, 200, 48, 208, 28, 216, 896, 224,
]);
export const PLAIN_COUNT: i32 = 10;

// Byte offsets in the second structure, behind 32 GPRs.
export const NIP: i32 = 256;
export const MSR: i32 = 264;
export const CTR: i32 = 280;
export const LINK: i32 = 288;
export const XER: i32 = 296;
export const CCR: i32 = 304;

/** SPR number of a plain pair, and its offset. */
@inline export function plainSpr(n: i32): i32 {
  return load<u16>(plain + (n << 2));
}
@inline export function plainOffset(n: i32): i32 {
  return load<u16>(plain + (n << 2), 2);
}

/** Byte order of the structures that are being accessed. */
let little: bool = false;

/** The structures are those of a hypervisor with this MSR[LE]. */
export function useByteOrder(littleEndian: bool): void {
  little = littleEndian;
}

/** Host address of a structure, 0 when it does not lie in RAM. */
export function structure(real: u64, bytes: u64): usize {
  return hostOf(real, bytes);
}

@inline export function get64(at: usize, offset: i32): u64 {
  const value = load<u64>(at + offset);
  return little ? value : bswap(value);
}
@inline export function get32(at: usize, offset: i32): u32 {
  const value = load<u32>(at + offset);
  return little ? value : bswap(value);
}
@inline export function put64(at: usize, offset: i32, value: u64): void {
  store<u64>(at + offset, little ? value : bswap(value));
}

/** Bytes in RAM at this host address were written: drops decoded code there. */
export function noteWritten(cpu: usize, host: usize, bytes: u32): void {
  let real = <u32>host - load<u32>(L.W_ramBase);
  const end = real + bytes;
  while (real < end) {
    const part = min(end, (real & ~0xfff) + 4096) - real;
    if (load<u8>(load<u32>(L.W_codeMap) + (real >> 12))) codeWritten(cpu, real, part);
    real += part;
  }
}
