// Differences between QEMU 7.2 and this machine that were looked at, each with its reason.

/** A kind of difference. */
export interface Reviewed {
  /** Matches the whole of `guest | case | field`. */
  readonly key: RegExp;
  readonly verdict: 'our rule' | 'their defect' | 'later release';
  readonly reason: string;
}

/** All of them. The first that matches counts; one that matches nothing is stale and fails the comparison. */
export const reviewed: readonly Reviewed[] = [
  {
    key: /^.*: (step|branch traced) \| srr1$/,
    verdict: 'their defect',
    reason:
      'SRR1 bit 33 is set by a trace interrupt (Power ISA 3.0 Book III, section 6.5.15); QEMU sets no status bits',
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
    key: /^entry power(8|9|10) \| bits that a guest can set \| (srr1|r3)$/,
    verdict: 'our rule',
    reason: 'MSR[TM] and MSR[TS] do not exist without transactional memory; QEMU keeps them although cap-htm is off',
  },
  {
    key: /^H_SET_MODE power7.* \| H_SET_MODE\(\w+,3,.* \| r3$/,
    verdict: 'later release',
    reason: 'QEMU 7.2 answers H_P2 to resource 3 on a CPU without AIL; now mode 0 succeeds and others are unsupported',
  },
  {
    key: /^H_SET_MODE power(8|9|10).* \| H_SET_MODE\(\w+,(1|2|5),.* \| r3$/,
    verdict: 'later release',
    reason: 'QEMU 7.2 has no resources for breakpoint and watchpoints and answers H_P2',
  },
  {
    key: /^H_SET_MODE power8 .* \| vCPU \d with AIL 2, .* \| (vector|msr)$/,
    verdict: 'their defect',
    reason: 'AIL 2 is part of ISA 2.07; QEMU answers H_SUCCESS and takes interrupts of a POWER8 as with AIL 0',
  },
  {
    key: /^vectors power8 \| AIL 2, .* \| (vector|msr)$/,
    verdict: 'their defect',
    reason: 'AIL 2 is part of ISA 2.07; QEMU answers H_SUCCESS and takes interrupts of a POWER8 as with AIL 0',
  },
];
