// Why a start or a move is refused or worth a warning: the stable codes of section 10.5 and the order they are reported in.

/** When a code can appear. */
export type CodeKind = 'start' | 'run' | 'migration' | 'warning';

interface CodeRow {
  readonly kind: CodeKind;
  /** Place in the order of the start checks (section 10.5); codes of one phase are in order of discovery. */
  readonly phase: number;
  readonly meaning: string;
}

/** The phases of the start checks, in the order of section 10.5. */
const phase = {
  syntax: 0,
  machine: 1,
  compatName: 2,
  threads: 3,
  resizeHpt: 4,
  host: 5,
  mmu: 6,
  irqchip: 7,
  capabilities: 8,
  compatSet: 9,
  migration: 10,
  none: 11,
} as const;

function start(at: number, meaning: string): CodeRow {
  return { kind: 'start', phase: at, meaning };
}
function run(meaning: string): CodeRow {
  return { kind: 'run', phase: phase.none, meaning };
}
function migration(meaning: string): CodeRow {
  return { kind: 'migration', phase: phase.migration, meaning };
}
function warning(meaning: string): CodeRow {
  return { kind: 'warning', phase: phase.none, meaning };
}

/** Every reason and warning code, with what it means. */
export const codes = {
  E_CAP_VALUE: start(phase.syntax, 'a capability has no such value'),
  E_CAP_POW2: start(phase.syntax, 'a capability that is a size is not a power of two'),
  E_IC_MODE_VALUE: start(phase.syntax, 'ic-mode has no such value'),
  E_OPTION_VALUE: start(phase.syntax, 'another option has no such value'),
  E_MEMORY: start(phase.syntax, 'the memory size cannot be that of this machine type'),
  E_IC_MODE_LEGACY: start(phase.machine, 'ic-mode cannot be given for a machine type with legacy interrupt allocation'),
  E_IC_MODE_LEVEL: start(phase.machine, 'ic-mode offers XIVE, but the CPU level has none'),
  E_COMPAT_NAME: start(phase.compatName, 'max-cpu-compat names no compatibility level'),
  E_COMPAT_CPU: start(phase.compatName, 'the CPU cannot run in the level that max-cpu-compat names'),
  E_SMP: start(phase.threads, 'the numbers of sockets, cores, threads and CPUs contradict each other'),
  E_THREADS: start(phase.threads, 'a core cannot have that many threads'),
  E_VSMT: start(phase.threads, 'the virtual SMT mode is smaller than a core, or the host cannot give it'),
  E_RESIZE_HPT: start(phase.resizeHpt, 'the host cannot resize a hash page table'),
  E_KVM_TYPE: start(phase.host, 'the host has no KVM of that type'),
  E_KVM_CAP: start(phase.host, 'the host kernel lacks what every pseries machine needs'),
  E_CPU_HOST: start(phase.host, 'the host cannot run that CPU model'),
  E_TIMEBASE: start(phase.host, 'the host timebase does not run at 512 MHz'),
  E_MMU: start(phase.mmu, 'the MMU modes of mmu-offer cannot be given'),
  E_IRQCHIP_NO_KVM: start(phase.irqchip, 'kernel-irqchip=on needs KVM'),
  E_IRQCHIP_SPLIT: start(phase.irqchip, 'kernel-irqchip=split does not exist on this machine'),
  E_IRQCHIP_XIVE: start(phase.irqchip, 'the host kernel has no XIVE device'),
  E_IRQCHIP_XICS: start(phase.irqchip, 'the host kernel has no XICS device'),
  E_IRQCHIP_DUAL: start(phase.irqchip, 'the host kernel cannot give up and create its XICS device again'),
  E_HTM: start(phase.capabilities, 'no transactional memory'),
  E_VSX: start(phase.capabilities, 'the CPU model has no VSX'),
  E_DFP: start(phase.capabilities, 'the CPU model has no decimal floating point'),
  'E_SEC(cfpc)': start(phase.capabilities, 'the host is weaker in flushing the cache on a change of privilege'),
  'E_SEC(sbbc)': start(phase.capabilities, 'the host is weaker in speculation barriers for bounds checks'),
  'E_SEC(ibs)': start(phase.capabilities, 'the host is weaker against indirect branch speculation'),
  'E_SEC(ccf)': start(phase.capabilities, 'the host cannot flush the count cache with hardware help'),
  E_HPT_PAGE: start(phase.capabilities, 'the host memory pages are smaller than the largest hash page'),
  E_HPT_MIN: start(phase.capabilities, 'the largest hash page would be smaller than 4 KiB'),
  E_NESTED: start(phase.capabilities, 'nested KVM cannot be given'),
  E_NESTED_EXCL: start(phase.capabilities, 'the two nested interfaces exclude each other'),
  E_LARGE_DECR: start(phase.capabilities, 'no large decrementer'),
  E_FWNMI: start(phase.capabilities, 'the host cannot deliver firmware-assisted machine checks'),
  E_RPT: start(phase.capabilities, 'H_RPT_INVALIDATE cannot be given'),
  E_RPT_RADIX: start(phase.capabilities, 'H_RPT_INVALIDATE needs radix translation'),
  E_AIL3: start(phase.capabilities, 'interrupts cannot be taken with translation on (AIL mode 3)'),
  E_AIL2: start(phase.capabilities, 'the CPU class has no AIL mode 2'),
  E_AIL2_KVM: start(phase.capabilities, 'no KVM has AIL mode 2'),
  E_DAWR1: start(phase.capabilities, 'no second data watchpoint'),
  E_COMPAT_KVM: start(phase.compatSet, 'the host kernel cannot set a compatibility level'),
  E_CAS_PVR: run('the guest accepts neither a level that it may have nor the real CPU'),
  E_CAS_IC: run('the guest asks for an interrupt controller that is not offered'),
  E_CAS_IC_BOTH: run('the guest asks for both interrupt controllers at once'),
  E_CAS_MMU: run('the guest asks for an MMU mode that is not offered'),
  E_CAS_HPT: run('resize-hpt=required and the guest cannot resize'),
  E_MIG_MACHINE: migration('the machine types differ or the destination does not know it'),
  E_MIG_PAGE: migration('the page sizes of the streams differ'),
  E_MIG_DEVICE: migration('a device section does not fit'),
  E_MIG_CAP: migration('a capability is smaller at the destination'),
  E_MIG_IC: migration('the offered interrupt controllers differ'),
  E_MIG_ENV: migration('another part of the environment differs'),
  E_MIG_COMPAT: migration('the destination cannot set the level that the guest runs in'),
  E_MIG_PVR: migration('the guest runs without a level, and the CPUs are not the same'),
  E_MIG_AIL: migration('the guest uses an AIL mode that the destination does not allow'),
  E_MIG_MMU: migration('the destination cannot run the MMU mode that the guest uses'),
  E_MIG_IRQCHIP: migration('the destination cannot activate the interrupt controller that the guest uses'),
  E_MIG_PEER: migration('the peer program has no word for a part of this environment'),
  W_SEC: warning('the engine shows a speculation work-around that it does not need'),
  W_PAGE_SMALL: warning('many guests cannot use hash pages smaller than 64 KiB only'),
  W_IRQCHIP_FALLBACK: warning('an interrupt controller is emulated because the kernel cannot give it'),
  W_VSMT: warning('the host runs in another SMT mode that can carry this one'),
  W_PR_APPROX: warning('KVM PR matches the requested CPU only approximately'),
  W_MIG_CAP: warning('a capability is greater at the destination'),
} as const satisfies Record<string, CodeRow>;

/** A stable code of {@link codes}. */
export type Code = keyof typeof codes;

/** One reason of a refusal, or one warning. */
export interface Reason {
  /** A code of {@link codes}; reasons found at a migration destination have `dest:` (or `source:`) in front. */
  readonly code: Code | `dest:${Code}` | `source:${Code}`;
  /** The option it came from, without leading dashes, such as `cap-htm`; of a list, the whole list's name. */
  readonly option: string;
  /** One sentence for a person. */
  readonly message: string;
  /** The smallest change that removes this reason and brings no new one, as the user would type it; verified by trying. */
  readonly fix?: string;
}

/** A refused request: every reason at once, in the order of section 10.5. */
export interface Refusal {
  readonly verdict: 'refused';
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
}

/** @returns whether an answer of this folder is a refusal. */
export function isRefusal(answer: object): answer is Refusal {
  return 'verdict' in answer && answer.verdict === 'refused' && 'reasons' in answer;
}

/** @returns the row of a reason's code, `dest:` or `source:` left out. */
export function codeRow(code: Reason['code']): CodeRow {
  // The prefixes are the only two forms besides a plain code, so what is left after them is a key of the table.
  return codes[code.replace(/^(dest|source):/, '') as Code];
}
