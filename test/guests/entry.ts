// Guests that look at how they are entered, and at which MSR bits they can change (Open Firmware PowerPC binding, section
// 8.2; Power ISA v3.1 Book III, sections 4.2.1 and 4.3).
import type { Guest, GuestCase } from './guest-case.ts';
import { completed, editionOfCpu, msr } from './model.ts';

/** Guests of one CPU. */
export function entryGuest(cpu: string, littleEndianFile = false): Guest {
  const edition = editionOfCpu(cpu);
  const partition = { edition, ail: 0n, ile: false };
  const start = { msr: msr.SF | msr.ME | msr.RI };
  const cases: GuestCase[] = [
    {
      ...start,
      name: 'MSR at entry',
      code: 'lis r4, entryMsr@ha\n addi r4, r4, entryMsr@l\n ld r3, 0(r4)\n li r4, 0',
      // 32-bit mode, big-endian, translation and interrupts off.
      expect: (at) => ({ ...completed(partition, start, at + 16n), r3: msr.ME }),
    },
    {
      ...start,
      name: 'rfid cannot clear ME',
      msr: msr.SF | msr.RI,
      code: 'mfmsr r3',
      expect: (at) => ({ ...completed(partition, start, at + 4n), r3: start.msr }),
    },
    {
      ...start,
      name: 'mtmsrd cannot clear ME, nor set HV and LE',
      registers: [msr.SF | msr.HV | msr.RI | msr.LE],
      code: 'mtmsrd r3\n mfmsr r3',
      expect: (at) => ({ ...completed(partition, start, at + 8n), r3: start.msr }),
    },
    {
      ...start,
      name: 'mtmsrd in its short form changes EE and RI alone',
      registers: [msr.FP | msr.IR],
      code: 'mtmsrd r3, 1\n mfmsr r3',
      expect: (at) => ({ ...completed(partition, start, at + 8n, msr.SF | msr.ME), r3: msr.SF | msr.ME }),
    },
    {
      ...start,
      name: 'mtmsr leaves the upper half',
      registers: [msr.FP | msr.RI],
      code: 'mtmsr r3\n mfmsr r3',
      expect: (at) => {
        const then = msr.SF | msr.ME | msr.FP | msr.RI;
        return { ...completed(partition, start, at + 8n, then), r3: then };
      },
    },
    {
      ...start,
      name: 'bits that a guest can set',
      // All but TS (set with care only), PR and SE, BE (the program goes on), EE (nothing waits), LE (mtmsrd does not change it), IR and DR (they are on).
      registers: [~(msr.TS | msr.PR | msr.SE | msr.BE | msr.LE)],
      code: 'mtmsrd r3\n mfmsr r3',
      expect: (at) => {
        const then =
          msr.SF |
          msr.VEC |
          msr.VSX |
          msr.EE |
          msr.FP |
          msr.ME |
          msr.FE0 |
          msr.FE1 |
          msr.IR |
          msr.DR |
          msr.PMM |
          msr.RI |
          (edition === 207 || edition === 300 ? msr.TM : 0n);
        return { ...completed(partition, start, at + 8n, then), r3: then };
      },
    },
    {
      ...start,
      name: 'problem state implies EE, IR and DR',
      msr: msr.SF | msr.ME | msr.PR,
      code: 'nop',
      expect: (at) => completed(partition, { msr: msr.SF | msr.ME | msr.PR }, at + 4n),
    },
  ];
  const name = `entry ${cpu}${littleEndianFile ? ', little-endian file' : ''}`;
  return { name, options: { cpu }, littleEndianFile, cases };
}
