// H_COPY_TOFROM_GUEST: a hypervisor reads or writes the memory of its guest by the guest's effective addresses.
import * as L from '../generated/layout';
import { H_SUCCESS, H_PARAMETER, H_NOT_FOUND, H_NO_MEM } from '../hypercall';
import { hostOf } from '../mmu/tree';
import { walkNestedFor } from '../mmu/radix';
import * as T from '../mmu/translation';
import { noteWritten } from './guest-state';

/** Bytes that one call copies at most. */
const MOST: u64 = 0x100_0000;
/** Bits of an address that names no quadrant. */
const QUADRANT_AND_ABOVE: u64 = 0xfff0_0000_0000_0000;

/** Argument n: r(4 + n). */
@inline function argument(cpu: usize, n: i32): u64 {
  return load<u64>(cpu + L.S_gpr + ((4 + n) << 3));
}

/** Host address of a byte of the guest, 0 where it has none. */
function place(lpid: u32, pid: u64, ea: u64, access: i32): usize {
  return walkNestedFor(lpid, pid, ea, access) == T.FOUND ? hostOf(T.real, 1) : 0;
}

/**
 * r4 LPID, r5 PID, r6 effective address, r7 where to, r8 where from (real addresses of the caller, one of them 0), r9 bytes.
 * Nothing is copied unless all of it can be. That the LPID is known is seen to by the caller.
 */
export function nestedCopy(cpu: usize): i32 {
  const lpid = <u32>argument(cpu, 0);
  const pid = argument(cpu, 1) & 0xffffffff;
  const ea = argument(cpu, 2);
  const to = argument(cpu, 3);
  const from = argument(cpu, 4);
  const bytes = argument(cpu, 5);
  if ((to != 0 && from != 0) || ea & QUADRANT_AND_ABOVE) return H_PARAMETER;
  if (bytes > MOST) return H_NO_MEM;
  const own = hostOf(to != 0 ? to : from, bytes);
  if (own == 0) return H_NOT_FOUND;
  const access = to != 0 ? T.ACCESS_READ : T.ACCESS_WRITE;
  for (let done: u64 = 0; done < bytes; done += 4096 - ((ea + done) & 4095)) {
    if (place(lpid, pid, ea + done, access) == 0) return H_NOT_FOUND;
  }
  for (let done: u64 = 0; done < bytes; ) {
    const part = min(bytes - done, 4096 - ((ea + done) & 4095));
    const guest = place(lpid, pid, ea + done, access);
    // What was copied may have been a table.
    if (guest == 0) return H_NOT_FOUND;
    const target = to != 0 ? own + <usize>done : guest;
    memory.copy(target, to != 0 ? guest : own + <usize>done, <usize>part);
    noteWritten(cpu, target, <u32>part);
    done += part;
  }
  return H_SUCCESS;
}
