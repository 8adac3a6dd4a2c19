// Timebase and decrementer (Power ISA v3.1 Book III, chapter 6 "Timer Facilities" of Book II/III).
import * as L from '../generated/layout';
import { ticks, timerChanged } from '../imports';
import * as R from './registers';

/** Ticks since the machine started. */
export function now(cpu: usize): u64 {
  ticks(cpu);
  return load<u64>(L.W_virtualTicks);
}

export function timebase(cpu: usize): u64 {
  return now(cpu) + load<u64>(cpu, L.S_tbOffset);
}

/** Sign-extends as the width of DEC says: 56 bits with LPCR[LD], else 32. */
@inline function decrementerValue(cpu: usize, value: u64): u64 {
  return R.spr(cpu, R.SPR_LPCR) & R.LPCR_LD ? <u64>((<i64>value << 8) >> 8) : <u64>(<i64>(<i32>value));
}

/** DEC as mfspr reads it: sign-extended with LD, else 32 bits zero-extended. */
export function readDecrementer(cpu: usize): u64 {
  const value = decrementerValue(cpu, load<u64>(cpu, L.S_decExpiry) - now(cpu));
  return R.spr(cpu, R.SPR_LPCR) & R.LPCR_LD ? value : value & 0xffffffff;
}

/** Writes DEC; the exception exists while it is negative. */
export function writeDecrementer(cpu: usize, value: u64): void {
  const extended = decrementerValue(cpu, value);
  store<u64>(cpu, now(cpu) + extended, L.S_decExpiry);
  const pending = load<i32>(cpu, L.S_pending);
  const negative = <i64>extended < 0;
  store<i32>(cpu, negative ? pending | L.PENDING_decrementer : pending & ~L.PENDING_decrementer, L.S_pending);
  timerChanged(cpu);
}

/** True when DEC is negative, or just about to be. */
export function decrementerExpired(cpu: usize): bool {
  return <i64>decrementerValue(cpu, load<u64>(cpu, L.S_decExpiry) - now(cpu)) <= 0;
}

/** True when the time is over that its hypervisor has given to a guest of the guest. */
export function hypervisorDecrementerExpired(cpu: usize): bool {
  return <i64>(load<u64>(cpu, L.S_hdecExpiry) - now(cpu)) <= 0;
}
