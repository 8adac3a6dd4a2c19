// The register table: every special purpose register, who may use it, since when (Power ISA v3.1 Book III, section
// 4.4.4, and the editions before it).
import type { IsaVersion } from './version.ts';
import { isaVersions } from './version.ts';

/** Access of one privilege state. */
export type SprAccess = '-' | 'r' | 'w' | 'rw';

/** One SPR number. A register with two numbers (a user and a supervisor one) has two rows. */
export interface SprRow {
  readonly number: number;
  readonly name: string;
  /** Width in bits. */
  readonly width: 32 | 64;
  /** Access in problem state and in privileged non-hypervisor state. */
  readonly problem: SprAccess;
  readonly supervisor: SprAccess;
  readonly since: IsaVersion;
  readonly until?: IsaVersion;
  /** `plain`: a stored value. `special`: reading or writing does more, or needs a check (`moveFromSpr`, `moveToSpr`). */
  readonly kind: 'plain' | 'special';
  /** SPR whose place holds the value, when it is another one. */
  readonly storage?: number;
  /** FSCR bit (from the right), which is the interrupt cause, too, that gates access in problem state; 5 = TM. */
  readonly facility?: number;
}

type Extra = Partial<Pick<SprRow, 'until' | 'storage' | 'facility'>>;

function row(
  number: number,
  name: string,
  width: 32 | 64,
  access: `${SprAccess}/${SprAccess}`,
  since: IsaVersion,
  kind: SprRow['kind'] = 'plain',
  extra: Extra = {},
): SprRow {
  const [problem, supervisor] = access.split('/') as [SprAccess, SprAccess]; // The template type has exactly two parts.
  return { number, name, width, problem, supervisor, since, kind, ...extra };
}

const tm = { until: '3.0', facility: 5 } as const;

/** All SPRs that a guest may reach, by number; the hypervisor's own ones that the platform keeps have access `-/-`. */
export const sprTable: readonly SprRow[] = [
  row(1, 'XER', 64, 'rw/rw', '2.05', 'special'),
  row(3, 'UDSCR', 64, 'rw/rw', '2.07', 'special', { storage: 17, facility: 2 }),
  row(8, 'LR', 64, 'rw/rw', '2.05'),
  row(9, 'CTR', 64, 'rw/rw', '2.05'),
  row(13, 'UAMR', 64, 'rw/rw', '2.06', 'special', { storage: 29 }),
  row(17, 'DSCR', 64, '-/rw', '2.05', 'special'),
  row(18, 'DSISR', 32, '-/rw', '2.05'),
  row(19, 'DAR', 64, '-/rw', '2.05'),
  row(22, 'DEC', 64, '-/rw', '2.05', 'special'),
  row(26, 'SRR0', 64, '-/rw', '2.05'),
  row(27, 'SRR1', 64, '-/rw', '2.05'),
  row(28, 'CFAR', 64, '-/rw', '2.05'),
  row(29, 'AMR', 64, '-/rw', '2.05', 'special'),
  row(48, 'PIDR', 32, '-/rw', '3.0', 'special'),
  row(61, 'IAMR', 64, '-/rw', '2.07', 'special'),
  row(128, 'TFHAR', 64, 'rw/rw', '2.07', 'special', tm),
  row(129, 'TFIAR', 64, 'rw/rw', '2.07', 'special', tm),
  row(130, 'TEXASR', 64, 'rw/rw', '2.07', 'special', tm),
  row(131, 'TEXASRU', 32, 'rw/rw', '2.07', 'special', { ...tm, storage: 130 }),
  row(136, 'CTRL', 32, 'r/r', '2.05', 'special', { storage: 152 }),
  row(144, 'TIDR', 64, '-/rw', '3.0', 'special', { until: '3.0' }),
  row(152, 'CTRL', 32, '-/w', '2.05', 'special'),
  row(153, 'FSCR', 64, '-/rw', '2.07', 'special'),
  row(157, 'UAMOR', 64, '-/rw', '2.05'),
  row(159, 'PSPB', 32, '-/rw', '2.07', 'special'),
  row(176, 'DPDES', 64, '-/r', '2.07', 'special'),
  row(180, 'DAWR0', 64, '-/-', '2.07'),
  row(181, 'DAWR1', 64, '-/-', '3.1'),
  row(186, 'RPR', 64, '-/-', '2.07'),
  row(187, 'CIABR', 64, '-/-', '2.07'),
  row(188, 'DAWRX0', 32, '-/-', '2.07'),
  row(189, 'DAWRX1', 32, '-/-', '3.1'),
  row(190, 'HFSCR', 64, '-/-', '2.07'),
  row(256, 'VRSAVE', 32, 'rw/rw', '2.05'),
  row(259, 'USPRG3', 64, 'r/r', '2.05', 'special', { storage: 275 }),
  row(268, 'TB', 64, 'r/r', '2.05', 'special'),
  row(269, 'TBU', 32, 'r/r', '2.05', 'special'),
  row(272, 'SPRG0', 64, '-/rw', '2.05'),
  row(273, 'SPRG1', 64, '-/rw', '2.05'),
  row(274, 'SPRG2', 64, '-/rw', '2.05'),
  row(275, 'SPRG3', 64, '-/rw', '2.05'),
  row(284, 'TBL', 32, '-/-', '2.05'),
  row(285, 'TBU', 32, '-/-', '2.05'),
  row(286, 'TBU40', 64, '-/-', '2.05'),
  row(287, 'PVR', 32, '-/r', '2.05', 'special'),
  row(304, 'HSPRG0', 64, '-/-', '2.05'),
  row(305, 'HSPRG1', 64, '-/-', '2.05'),
  row(306, 'HDSISR', 32, '-/-', '2.05'),
  row(307, 'HDAR', 64, '-/-', '2.05'),
  row(308, 'SPURR', 64, '-/r', '2.05', 'special'),
  row(309, 'PURR', 64, '-/r', '2.05', 'special'),
  row(310, 'HDEC', 64, '-/-', '2.05'),
  row(313, 'HRMOR', 64, '-/-', '2.05'),
  row(314, 'HSRR0', 64, '-/-', '2.05'),
  row(315, 'HSRR1', 64, '-/-', '2.05'),
  row(318, 'LPCR', 64, '-/-', '2.05'),
  row(319, 'LPIDR', 32, '-/-', '2.05'),
  row(336, 'HMER', 64, '-/-', '2.05'),
  row(337, 'HMEER', 64, '-/-', '2.05'),
  row(338, 'PCR', 64, '-/-', '2.05'),
  row(339, 'HEIR', 32, '-/-', '2.05'),
  row(349, 'AMOR', 64, '-/-', '2.05'),
  row(446, 'TIR', 64, '-/r', '2.07', 'special'),
  row(455, 'UHDEXCR', 32, 'r/r', '3.1', 'special', { storage: 471 }),
  row(464, 'PTCR', 64, '-/-', '3.0'),
  row(468, 'HASHKEYR', 64, '-/rw', '3.1', 'special'),
  row(469, 'HASHPKEYR', 64, '-/-', '3.1'),
  row(471, 'HDEXCR', 64, '-/-', '3.1'),
  row(736, 'USIER2', 64, 'r/r', '3.1', 'special', { storage: 752 }),
  row(737, 'USIER3', 64, 'r/r', '3.1', 'special', { storage: 753 }),
  row(738, 'UMMCR3', 64, 'r/r', '3.1', 'special', { storage: 754 }),
  row(752, 'SIER2', 64, '-/rw', '3.1', 'special'),
  row(753, 'SIER3', 64, '-/rw', '3.1', 'special'),
  row(754, 'MMCR3', 64, '-/rw', '3.1', 'special'),
  row(768, 'USIER', 64, 'r/r', '2.07', 'special', { storage: 784 }),
  row(769, 'UMMCR2', 64, 'r/rw', '2.07', 'special', { storage: 785 }),
  row(770, 'UMMCRA', 64, 'r/rw', '2.05', 'special', { storage: 786 }),
  row(771, 'UPMC1', 32, 'r/rw', '2.05', 'special', { storage: 787 }),
  row(772, 'UPMC2', 32, 'r/rw', '2.05', 'special', { storage: 788 }),
  row(773, 'UPMC3', 32, 'r/rw', '2.05', 'special', { storage: 789 }),
  row(774, 'UPMC4', 32, 'r/rw', '2.05', 'special', { storage: 790 }),
  row(775, 'UPMC5', 32, 'r/rw', '2.05', 'special', { storage: 791 }),
  row(776, 'UPMC6', 32, 'r/rw', '2.05', 'special', { storage: 792 }),
  row(779, 'UMMCR0', 64, 'r/rw', '2.05', 'special', { storage: 795 }),
  row(780, 'USIAR', 64, 'r/r', '2.05', 'special', { storage: 796 }),
  row(781, 'USDAR', 64, 'r/r', '2.05', 'special', { storage: 797 }),
  row(782, 'UMMCR1', 64, 'r/r', '2.05', 'special', { storage: 798 }),
  row(784, 'SIER', 64, '-/rw', '2.07', 'special'),
  row(785, 'MMCR2', 64, '-/rw', '2.07', 'special'),
  row(786, 'MMCRA', 64, '-/rw', '2.05', 'special'),
  row(787, 'PMC1', 32, '-/rw', '2.05'),
  row(788, 'PMC2', 32, '-/rw', '2.05'),
  row(789, 'PMC3', 32, '-/rw', '2.05'),
  row(790, 'PMC4', 32, '-/rw', '2.05'),
  row(791, 'PMC5', 32, '-/rw', '2.05'),
  row(792, 'PMC6', 32, '-/rw', '2.05'),
  row(795, 'MMCR0', 64, '-/rw', '2.05', 'special'),
  row(796, 'SIAR', 64, '-/rw', '2.05', 'special'),
  row(797, 'SDAR', 64, '-/rw', '2.05', 'special'),
  row(798, 'MMCR1', 64, '-/rw', '2.05', 'special'),
  row(800, 'BESCRS', 64, 'rw/rw', '2.07', 'special', { storage: 806, facility: 7 }),
  row(801, 'BESCRSU', 32, 'rw/rw', '2.07', 'special', { storage: 806, facility: 7 }),
  row(802, 'BESCRR', 64, 'rw/rw', '2.07', 'special', { storage: 806, facility: 7 }),
  row(803, 'BESCRRU', 32, 'rw/rw', '2.07', 'special', { storage: 806, facility: 7 }),
  row(804, 'EBBHR', 64, 'rw/rw', '2.07', 'special', { facility: 7 }),
  row(805, 'EBBRR', 64, 'rw/rw', '2.07', 'special', { facility: 7 }),
  row(806, 'BESCR', 64, 'rw/rw', '2.07', 'special', { facility: 7 }),
  row(812, 'UDEXCR', 32, 'r/r', '3.1', 'special', { storage: 828 }),
  row(815, 'TAR', 64, 'rw/rw', '2.07', 'special', { facility: 8 }),
  row(816, 'ASDR', 64, '-/-', '3.0'),
  row(823, 'PSSCR', 64, '-/rw', '3.0', 'special'),
  row(828, 'DEXCR', 64, '-/rw', '3.1', 'special'),
  row(848, 'IC', 64, '-/r', '2.07', 'special'),
  row(849, 'VTB', 64, '-/r', '2.07', 'special'),
  row(894, 'MMCRS', 64, '-/rw', '2.07', 'special', { until: '2.07' }),
  row(896, 'PPR', 64, 'rw/rw', '2.05'),
  row(898, 'PPR32', 32, 'rw/rw', '2.07', 'special', { storage: 896 }),
  row(1023, 'PIR', 32, '-/r', '2.05', 'special'),
];

/** Classes that mfspr and mtspr are split into; the numbers below 1024 are registers with a place of their own. */
export const sprClass = { plainProblem: 1024, plainSupervisor: 1025, special: 1026 } as const;

const ownPlace = [1, 8, 9, 256];
const plainClasses = new Map<number, number>();
for (const spr of sprTable) {
  if (spr.kind === 'special' || spr.supervisor !== 'rw' || spr.since !== '2.05') continue;
  if (spr.width === 32) continue; // The upper half must stay zero.
  plainClasses.set(spr.number, spr.problem === 'rw' ? sprClass.plainProblem : sprClass.plainSupervisor);
}

/** The class of an SPR number, or the number itself for XER, LR, CTR and VRSAVE. */
export function classOfSpr(number: number): number {
  if (ownPlace.includes(number)) return number;
  return plainClasses.get(number) ?? sprClass.special;
}

/**
 * Attributes of every SPR number for the data plane: bit 0/1 problem-state read/write, 2/3 supervisor read/write, 4…6
 * first edition, 7…9 last edition (positions in `isaVersions`), 10…13 facility, 14 32 bits wide. 0 = no such register.
 */
export function sprAttributes(): Uint16Array {
  const attributes = new Uint16Array(1024);
  const bits = (access: SprAccess) => (access.includes('r') ? 1 : 0) | (access.includes('w') ? 2 : 0);
  for (const spr of sprTable) {
    attributes[spr.number] =
      bits(spr.problem) |
      (bits(spr.supervisor) << 2) |
      (isaVersions.indexOf(spr.since) << 4) |
      (isaVersions.indexOf(spr.until ?? '3.1') << 7) |
      ((spr.facility ?? 0) << 10) |
      (spr.width === 32 ? 1 << 14 : 0);
  }
  return attributes;
}
