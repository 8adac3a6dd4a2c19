// Differences between QEMU 7.2 and this machine that were looked at, each with its reason.

import type { Difference } from './compare.ts';

/** A kind of difference. */
export interface Reviewed {
  /** Matches the whole of `guest | case | field`. */
  readonly key: RegExp;
  /** What QEMU's value (`is`) and ours (`due`) have to do with each other; anything unless given. */
  readonly when?: (difference: Difference) => boolean;
  readonly verdict: 'our rule' | 'their defect' | 'later release' | 'known gap';
  readonly reason: string;
}

/** The rule that covers a difference. */
export function reviewOf(difference: Difference): Reviewed | undefined {
  const key = `${difference.guest} | ${difference.name} | ${difference.field}`;
  return reviewed.find((rule) => rule.key.test(key) && (rule.when?.(difference) ?? true));
}

const privileged = 0x4_0000n;
const illegal = 0x8_0000n;
/** QEMU raises the privileged interrupt at an instruction that does nothing here. */
const privilegedThere = ({ field, is, due }: Difference): boolean =>
  field === 'srr0' ? is === due - 4n : (is & privileged) !== 0n && (due & (privileged | illegal)) === 0n;

/** All of them. The first that matches counts; one that matches nothing is stale and fails the comparison. */
export const reviewed: readonly Reviewed[] = [
  {
    key: /^.*: (step|branch traced) \| srr1$/,
    verdict: 'their defect',
    reason:
      'SRR1 bit 33 is set by a trace interrupt (Power ISA 3.0 Book III, section 6.5.15); QEMU sets no status bits',
  },
  {
    key: /^byte order .* \| little(, problem)?: (lmw|stmw|lswi|stswi|lswx|stswx) .* \| (dar|dsisr)$/,
    verdict: 'their defect',
    reason: 'an alignment interrupt sets DAR; QEMU leaves it when the byte order is the reason',
  },
  {
    key: /^levels .* as .* \| problem: .* \| (vector|srr0|srr1|fscr|r3|r4|lr|ctr)$/,
    verdict: 'their defect',
    reason: 'PCR makes instructions of later editions illegal in problem state; QEMU decodes them as ever',
  },
  {
    key: /^levels power(7|8|9).* \| (supervisor|problem): (xxspltib|bcdcfn\.|dtstsfi|vstribr|dcffixqq) .* \| (srr0|srr1)$/,
    verdict: 'their defect',
    reason: 'QEMU takes encodings of later editions for earlier instructions whose fields they use',
  },
  {
    key: /^registers power7\+? \| supervisor: (UMMCRA|UPMC\d|UMMCR0) .* \| r3$/,
    verdict: 'our rule',
    reason:
      'before ISA 2.07 the problem-state numbers of the performance monitor are for reading; QEMU lets supervisor state write them',
  },
  {
    key: /^registers .* \| supervisor: (DSISR|VRSAVE|PIDR|U?PMC\d) .* \| r3$/,
    verdict: 'their defect',
    reason: 'registers of 32 bits have no upper half; QEMU keeps 64 bits',
  },
  {
    key: /^registers power10 \| .*\b(455|812|828|H?DEXCR)\b.*$/,
    verdict: 'later release',
    reason: 'QEMU 7.2 has no DEXCR and HDEXCR',
  },
  {
    key: /^registers .* \| supervisor: XER .* \| r3$/,
    verdict: 'our rule',
    reason: 'reserved bits of XER read as zero; QEMU keeps them',
  },
  {
    key: /^registers .* \| supervisor: UAMR .* \| r3$/,
    verdict: 'our rule',
    reason: 'in privileged state SPR 13 is all of AMR; QEMU lets UAMOR mask it',
  },
  {
    key: /^(registers|facilities) .* \| (EBB|supervisor: BESCRR).* \| r3$/,
    verdict: 'their defect',
    reason: 'BESCRS and BESCRR set and clear bits of BESCR; QEMU has a register of its own for each number',
  },
  {
    key: /^registers power(9|10) \| supervisor: (PSSCR|SIER2|SIER3|MMCR3) .* \| r3$/,
    verdict: 'later release',
    reason: 'QEMU 7.2 does not have these registers',
  },
  {
    key: /^levels power10\b.* \| (supervisor|problem): tbegin\. 0 \| (vector|srr1|fscr)$/,
    verdict: 'their defect',
    reason: 'ISA 3.1 has no transactional memory: its instructions are illegal',
  },
  {
    key: /^vectors power10.*: prefixed (load|store|step|facility).* \| (vector|srr0|srr1)$/,
    verdict: 'later release',
    reason: 'QEMU 7.2 neither tells of a prefix in SRR1 bit 34 nor looks at FSCR[PREFIX]',
  },
  {
    key: /^facilities .* \| DSCR, .*$/,
    verdict: 'their defect',
    reason: 'UDSCR is a register of ISA 2.07 that QEMU 7.2 has in user emulation only',
  },
  {
    key: /^facilities .* \| TAR, .*: bctar .*$/,
    verdict: 'their defect',
    reason: 'FSCR[TAR] covers bctar; QEMU looks at it for mfspr and mtspr alone',
  },
  {
    key: /^facilities .* \| VEC of 3.0, .*: lxsd .*$/,
    verdict: 'their defect',
    reason: 'lxsd needs MSR[VEC]; QEMU asks for MSR[VSX]',
  },
  {
    key: /^facilities power10 \| PREFIX, .*$/,
    verdict: 'their defect',
    reason: 'prefixed instructions need FSCR[PREFIX] in problem state; QEMU 7.2 does not look',
  },
  {
    key: /^.*: reservation at an odd address \| dsisr$/,
    verdict: 'our rule',
    reason: 'an alignment interrupt leaves DSISR undefined from ISA 2.07 on; QEMU ORs parts of the instruction into it',
  },
  {
    key: /^entry .* \| MSR at entry \| r3$/,
    verdict: 'our rule',
    reason: 'ME is on at entry: a guest could not turn it on by itself',
  },
  {
    key: /^entry .* \| rfid cannot clear ME \| .*$/,
    verdict: 'their defect',
    reason:
      'rfid leaves MSR[ME] outside hypervisor state (Power ISA 3.0 Book III, section 3.3.1); QEMU lets a guest clear and set it',
  },
  {
    key: /^entry power10 \| bits that a guest can set \| (srr1|r3)$/,
    verdict: 'their defect',
    reason: 'ISA 3.1 has no MSR[TM]',
  },
  {
    key: /^H_SET_MODE power7.* \| H_SET_MODE\(\w+,3,.* \| r3$/,
    verdict: 'later release',
    reason: 'QEMU 7.2 answers H_P2 to resource 3 on a CPU without AIL; now mode 0 succeeds and others are unsupported',
  },
  {
    key: /^H_SET_MODE power(8|8e|8nvl|9|10).* \| H_SET_MODE\(\w+,(1|2|5),.* \| r3$/,
    verdict: 'later release',
    reason: 'QEMU 7.2 has no resources for breakpoint and watchpoints and answers H_P2',
  },
  {
    key: /^H_SET_MODE power8 .* \| vCPU \d with AIL 2, .* \| (vector|msr)$/,
    verdict: 'their defect',
    reason: 'AIL 2 is part of ISA 2.07; QEMU answers H_SUCCESS and takes interrupts of a POWER8 as with AIL 0',
  },
  {
    key: /^.* \| fscr$/,
    verdict: 'their defect',
    reason: 'the cause of a facility unavailable interrupt replaces FSCR bits 0:7; QEMU ORs it into an earlier one',
  },
  {
    key: /^scv .*: rfscv to (6|8000000000000|8000000000008|800000000000)\w+ \| (srr1|msr)$/,
    verdict: 'their defect',
    reason: 'rfscv leaves MSR[ME] outside hypervisor state; QEMU lets a guest clear it',
  },
  {
    key: /^registers .* \| .*: m[tf]spr .* \| srr1$/,
    when: ({ is, due }) => (is ^ due) === (privileged | illegal) && (due & illegal) !== 0n,
    verdict: 'our rule',
    reason: 'an SPR number that does not exist is an illegal instruction, as KVM delivers it; QEMU says privileged',
  },
  {
    key: /^registers .* \| supervisor: m[tf]spr .* \| (srr0|srr1)$/,
    when: privilegedThere,
    verdict: 'our rule',
    reason:
      'in privileged state a hypervisor’s register, or writing one that can only be read, is a no-operation while LPCR[EVIRT] is 0 (Power ISA 3.0 Book III, sections 2.2 and 4.4.4)',
  },
  {
    key: /^registers power(8|8e|8nvl|9|10) \| .*: (m[tf]spr .*\b(3|898)\b.*|PPR32 .* r3|UDSCR .* r3)$/,
    verdict: 'their defect',
    reason: 'UDSCR and PPR32 are registers of ISA 2.07 that QEMU 7.2 has in user emulation only',
  },
  {
    key: /^registers power(9|10) \| supervisor: mfspr r3, 823 \| r3$/,
    verdict: 'their defect',
    reason: 'PSSCR has a privileged number in ISA 3.0; QEMU has the hypervisor’s only',
  },
  {
    key: /^registers power10 \| .*: mfspr r3, (736|737|738|752|753|754) \| .*$/,
    verdict: 'later release',
    reason: 'QEMU 7.2 has no MMCR3, SIER2, SIER3',
  },
  {
    key: /^registers power10 \| .*: m[tf]spr .*\b(128|129|130|131)\b.*$/,
    verdict: 'their defect',
    reason: 'ISA 3.1 has no registers of transactional memory',
  },
  {
    key: /^registers .* \| problem: mfspr r3, (284|285|308|309) \| .*$/,
    verdict: 'their defect',
    reason:
      'PURR and SPURR are privileged, TBL and TBU have these numbers for writing; QEMU reads them in problem state',
  },
  {
    key: /^registers .* \| supervisor: mfspr r3, \d+ \| r3$/,
    when: ({ due }) => due === 0x1234_5678_9abc_def0n,
    verdict: 'our rule',
    reason:
      'numbers that no edition gives to a guest leave RT as it is; QEMU has hypervisor and implementation registers there',
  },
  {
    key: /^registers .* \| supervisor: mfspr r3, 28 \| r3$/,
    verdict: 'known gap',
    reason: 'CFAR is not kept: it would cost every branch',
  },
  {
    key: /^registers power7\+? \| .*: mfspr r3, (779|795) \| r3$/,
    verdict: 'our rule',
    reason: 'UMMCR0 is for reading before ISA 2.07; QEMU lets supervisor state write it',
  },
  {
    key: /^registers power(9|10) \| supervisor: mfspr r3, 287 \| r3$/,
    verdict: 'later release',
    reason: 'the revision that a CPU’s short name stands for (guest-environment specification, section 2)',
  },
  {
    key: /^(vectors|scv) power8 \| AIL 2, .* \| (vector|msr)$/,
    verdict: 'their defect',
    reason: 'AIL 2 is part of ISA 2.07; QEMU answers H_SUCCESS and takes interrupts of a POWER8 as with AIL 0',
  },
];
