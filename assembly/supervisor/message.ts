// Directed privileged doorbells: msgsndp and msgclrp (Power ISA v3.1 Book III, section 11.3).
import * as L from '../generated/layout';

/** Type 5 in bits 32:36 of RB is a doorbell; bits 57:63 name a thread of this core, and a core has one thread here. */
@inline function namesThisThread(rb: u64): bool {
  return ((rb >> 27) & 31) == 5 && (rb & 0x7f) == 0;
}

export function messageSend(cpu: usize, rb: u64): void {
  if (namesThisThread(rb)) store<i32>(cpu, load<i32>(cpu, L.S_pending) | L.PENDING_doorbell, L.S_pending);
}

export function messageClear(cpu: usize, rb: u64): void {
  if (namesThisThread(rb)) store<i32>(cpu, load<i32>(cpu, L.S_pending) & ~L.PENDING_doorbell, L.S_pending);
}
