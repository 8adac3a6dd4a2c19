// Instruction fetch that missed the execute table: from `nip` to the decoded records of its page. The record map holds
// one word for each real page, byte order and restriction, so that a refill after a flush stays inside the data plane.
import * as L from '../generated/layout';
import { recordsOf } from '../imports';
import * as R from '../supervisor/registers';
import * as T from './translation';
import { stepCompleted, stepDue, stepPrepare, stepRaise } from './step';
import { translateFetch } from './access';
import { tlbInsert } from './tlb';
import { pageHasBreakpoint } from './watchpoint';

/** Address of the records of the page at `nip`, with the execute entry filled; 0 with an interrupt raised. */
export function fetchRecords(cpu: usize): u32 {
  const ea = load<u64>(cpu, L.S_nip);
  if (stepCompleted(cpu, ea)) {
    stepRaise(cpu, stepDue(cpu));
    return 0;
  }
  const real = translateFetch(cpu, ea);
  if (real == ~(<u64>0)) return 0;
  const msr = R.msr(cpu);
  // Problem state at a compatibility level has records of its own, in which newer instructions are illegal.
  const taken = msr & R.MSR_PR ? load<i32>(cpu, L.S_pcrMask) : 0;
  const restricted = taken != 0;
  const key = (<u32>(real >> 12) << 2) | (restricted ? 2 : 0) | (msr & R.MSR_LE ? 1 : 0);
  const slot: usize = load<u32>(L.W_recordMap) + (key << 2);
  let records = load<u32>(slot);
  // They are of one level at a time, which two vCPUs, or a guest and a guest of it, may need not to be the same.
  if (records == 0 || (restricted && taken != <i32>load<u64>(L.W_problemMask))) {
    records = recordsOf(cpu, key);
    store<u32>(slot, records);
  }
  if (msr & (R.MSR_SE | R.MSR_BE) || pageHasBreakpoint(cpu, ea)) return stepPrepare(cpu, ea, real, records);
  tlbInsert(cpu, ea, T.ACCESS_EXECUTE, records, false, false);
  return records;
}

/** All decoded code is gone: forgets where it was. */
export function forgetRecords(): void {
  memory.fill(load<u32>(L.W_recordMap), 0, (load<u32>(L.W_ramBytes) >> 12) << 4);
}
