// Directed privileged doorbells: msgsndp and msgclrp (Power ISA v3.1 Book III, section 11.3).
import * as L from '../generated/layout';

/** SPR 446: the number of this thread in its core. */
const TIR: i32 = 446;

/** Number of a thread in its core as software there sees it: a guest of the guest has the core for itself. */
@inline export function threadNumber(cpu: usize): i32 {
  return load<i32>(cpu, L.S_nested) ? 0 : ownNumber(cpu);
}
@inline function ownNumber(cpu: usize): i32 {
  return <i32>load<i64>(cpu + L.S_spr + (TIR << 3));
}

/** Thread n of the core that `cpu` belongs to, or 0; the threads of a core are neighbours in memory. */
function threadOfCore(cpu: usize, n: i32): usize {
  if (load<i32>(cpu, L.S_nested)) return n == 0 ? cpu : 0;
  const thread = cpu + (n - ownNumber(cpu)) * L.vcpuStride;
  const end = load<i32>(L.W_vcpuBase) + load<i32>(L.W_vcpuCount) * L.vcpuStride;
  if (<i32>thread < load<i32>(L.W_vcpuBase) || <i32>thread >= end) return 0;
  return ownNumber(thread) == n ? thread : 0;
}

/** The thread that RB names: type 5 in bits 32:36 is a doorbell, bits 57:63 are the thread of this core; 0 when none. */
function target(cpu: usize, rb: u64): usize {
  return ((rb >> 27) & 31) == 5 ? threadOfCore(cpu, <i32>(rb & 0x7f)) : 0;
}

/** The bit of `pending` for a doorbell that `cpu` sees in a thread: one that runs a guest of it has put its own aside. */
@inline function doorbellBit(cpu: usize, thread: usize): i32 {
  return load<i32>(thread, L.S_nested) && !load<i32>(cpu, L.S_nested) ? L.PENDING_outerDoorbell : L.PENDING_doorbell;
}

export function messageSend(cpu: usize, rb: u64): void {
  const thread = target(cpu, rb);
  if (thread != 0) store<i32>(thread, load<i32>(thread, L.S_pending) | doorbellBit(cpu, thread), L.S_pending);
}

export function messageClear(cpu: usize, rb: u64): void {
  const thread = target(cpu, rb);
  if (thread != 0) store<i32>(thread, load<i32>(thread, L.S_pending) & ~doorbellBit(cpu, thread), L.S_pending);
}

/** DPDES: bit 63 − n is set while a doorbell waits for thread n of the core. */
export function doorbells(cpu: usize): u64 {
  let waiting: u64 = 0;
  for (let n = 0; n < 8; n++) {
    const thread = threadOfCore(cpu, n);
    if (thread == 0) break;
    if (load<i32>(thread, L.S_pending) & doorbellBit(cpu, thread)) waiting |= <u64>1 << n;
  }
  return waiting;
}
