// Differences between QEMU 7.2 and this machine in guests of a guest that were looked at, each with its reason.

/** A value here and there. */
export type Seen = readonly [ours: bigint, theirs: bigint];

/** A difference, and all that was seen of the same run: `trap` is what H_ENTER_NESTED returned, the others are fields. */
export interface NestedDifference {
  readonly name: string;
  readonly ours: bigint;
  readonly theirs: bigint;
  readonly seen: ReadonlyMap<string, Seen>;
}

interface Reviewed {
  readonly applies: (difference: NestedDifference) => boolean;
  readonly reason: string;
}

const [hdsi, hisi] = [0xe00n, 0xe20n];
const setRc = 0x4_0000n;

const ourTrap = ({ seen }: NestedDifference): bigint => seen.get('trap')?.[0] ?? 0n;
const theirTrap = ({ seen }: NestedDifference): bigint => seen.get('trap')?.[1] ?? 0n;
const isStorage = (trap: bigint): boolean => trap === hdsi || trap === hisi;

/** All of them; the first that applies counts. */
const reviewed: readonly Reviewed[] = [
  {
    applies: (d) => {
      const bits = d.seen.get(ourTrap(d) === hdsi ? 'hdsisr' : 'msr')?.[0] ?? 0n;
      return isStorage(ourTrap(d)) && (bits & setRc) !== 0n;
    },
    reason:
      'our rule: R or C that the partition-scoped entry lacks is asked for, as under KVM on a POWER9; QEMU sets them and goes on',
  },
  {
    applies: (d) =>
      theirTrap(d) === 0xc00n &&
      ((d.name === 'srr0' && d.theirs === d.seen.get('nip')?.[1]) ||
        (d.name === 'srr1' && d.theirs === d.seen.get('msr')?.[1])),
    reason: 'our rule: a hypercall leaves SRR0 and SRR1, as those of the hypervisor itself do; QEMU sets them',
  },
  {
    applies: ({ name, ours, theirs }) => name === 'asdr' && (ours ^ theirs) < 0x1000n,
    reason: 'our rule: ASDR has bits 4:51 of the guest real address; QEMU has all of it',
  },
  {
    applies: (d) =>
      d.name === 'leaf of the process' && isStorage(ourTrap(d)) && (d.ours & ~0x180n) === (d.theirs & ~0x180n),
    reason:
      'our rule: R and C of the process-scoped entry are set when the access is done; QEMU sets them before the partition’s tree faults',
  },
  {
    applies: (d) => d.name === 'msr' && ourTrap(d) === hisi && (d.ours & ~0x783f_0000n) === d.theirs,
    reason: 'their defect: what HSRR1 says of the fault is lost on the way to the structure; Linux looks for it there',
  },
  {
    applies: ({ name, ours, theirs }) =>
      (name === 'xer' || name === 'r3') && (theirs & ours) === ours && theirs >> 32n === 0n,
    reason: 'our rule: reserved bits of XER read as zero; QEMU keeps them',
  },
  {
    // r10 is what DAR was last.
    applies: ({ name, ours, theirs }) => (name === 'hdar' || name === 'r10') && (ours & ~127n) === theirs,
    reason: 'our rule: dcbz that faults has its address in DAR and HDAR, not that of the block',
  },
  {
    // r11 is what DSISR was last.
    applies: ({ name, ours, theirs }) => name === 'r11' && (theirs & ~0x7_ffffn) === (ours & ~0x7_ffffn),
    reason: 'our rule: an alignment interrupt leaves DSISR; QEMU ORs parts of the instruction into it',
  },
  {
    applies: (d) => d.name === 'heir' && ourTrap(d) === 0xe40n && d.theirs === 0n,
    reason: 'later release: QEMU 7.2 does not give HEIR',
  },
];

/** The rule that covers a difference. */
export function reviewOf(difference: NestedDifference): Reviewed | undefined {
  return reviewed.find(({ applies }) => applies(difference));
}
