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
    key: /^vectors power8 \| AIL 2, .* \| (vector|msr)$/,
    verdict: 'their defect',
    reason: 'AIL 2 is part of ISA 2.07; QEMU answers H_SUCCESS and takes interrupts of a POWER8 as with AIL 0',
  },
];
