// The second of the three questions: can this host give exactly that environment? Section 9, and the KVM columns of the rest.
import { classOfPvr, cpuClasses, levelRank, pvrMatches } from './cpu-models.ts';
import { type HostProfile, type KvmCapability, type KvmProfile, securityLevels } from './host-profile.ts';
import { hypercallRows } from './hypercalls.ts';
import { inOrder } from './order.ts';
import type { Reason, Refusal } from './reasons.ts';
import type { Request } from './request.ts';
import { type Hex, hex, nearest, sizeText } from './text.ts';
import type { Environment } from './types.ts';

/** Who models an interrupt controller. */
export type Controller = 'kernel' | 'emulated' | 'none';

/** What a user asks of the host and a guest cannot see. */
export type HostConstraints = Pick<Request, 'kernel-irqchip' | 'kvm-type'>;

/** A way in which the host is not exactly what was asked for; never silent. */
export interface Deviation {
  readonly name: 'pvr' | 'cpu-features';
  readonly message: string;
}

/** How a host gives an environment: only things that a guest cannot see, and the deviations that no such host can avoid. */
export interface Provision {
  /** Name of the host profile. */
  readonly host: string;
  readonly accelerator: 'engine' | 'kvm';
  /** Kind of the virtual machine under KVM. */
  readonly kvmType?: 'hv' | 'pr';
  /** What the PVR register reads. */
  readonly pvr: Hex;
  readonly interruptController: {
    /** The one that is active until the guest negotiates. */
    readonly beforeCas: Controller;
    readonly xics: Controller;
    readonly xive: Controller;
    /** An in-kernel XICS can be given up and come back; where not, it is emulated from the first reset after XIVE on. */
    readonly xicsReturns: boolean;
    /** A kernel device that cannot be activated after all may be emulated in its place; else the machine stops. */
    readonly mayFallBack: boolean;
  };
  /** Value for KVM_CAP_PPC_SMT, where one must be set. */
  readonly smtMode?: number;
  /** How a compatibility level is set: the PCR of the engine, the kernel's register, not at all, or accepted without effect. */
  readonly compat: 'pcr' | 'register' | 'none' | 'ignored';
  /** Hypercalls that the kernel handles, by name, out of those of the environment. */
  readonly kernelHypercalls: readonly string[];
  /** Who answers H_SET_MODE resource 3 (section 4.2). */
  readonly setMode: 'machine' | 'hv' | 'pr' | 'pr-advisory';
  /** FSCR bits that a write of the guest loses. */
  readonly fscrLost: Hex;
  readonly deviations: readonly Deviation[];
  readonly warnings: readonly Reason[];
}

/** A question to one host: collects what is wrong and what is worth a warning. */
class Check {
  readonly reasons: Reason[] = [];
  readonly warnings: Reason[] = [];
  readonly deviations: Deviation[] = [];
  refuse(code: Reason['code'], option: string, message: string): void {
    this.reasons.push({ code, option, message });
  }
  warn(code: Reason['code'], option: string, message: string): void {
    this.warnings.push({ code, option, message });
  }
}

function has(host: KvmProfile, capability: KvmCapability): boolean {
  return (host.kvm[capability] ?? 0) !== 0;
}

/** Names that exist for a word with few choices. */
function wrongWord(check: Check, option: string, value: string, known: readonly string[]): void {
  const near = nearest(value, known);
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  check.refuse('E_OPTION_VALUE', option, `${option}=${value.slice(0, 40)} is none of ${known.join(', ')}${hint}`);
}

type IrqChip = 'absent' | 'on' | 'off';

/** kernel-irqchip as given; what no host has is refused (section 1). */
function irqChip(constraints: HostConstraints, check: Check): IrqChip {
  const text = constraints['kernel-irqchip']?.toLowerCase();
  if (text === undefined || text === '') return 'absent';
  if (text === 'on' || text === 'off') return text;
  if (text === 'split') {
    const why = 'kernel-irqchip=split does not exist on a pseries machine';
    check.refuse('E_IRQCHIP_SPLIT', 'kernel-irqchip', why);
  } else wrongWord(check, 'kernel-irqchip', text, ['on', 'off', 'split']);
  return 'absent';
}

function kvmType(constraints: HostConstraints, host: HostProfile, check: Check): 'hv' | 'pr' | undefined {
  const types = host.accelerator === 'kvm' ? host.kvmTypes : [];
  const text = constraints['kvm-type']?.toLowerCase();
  if (text === undefined || text === '' || text === 'auto') return types.includes('hv') ? 'hv' : types[0];
  if (text !== 'hv' && text !== 'pr') {
    wrongWord(check, 'kvm-type', text, ['auto', 'hv', 'pr']);
    return types[0];
  }
  if (types.includes(text)) return text;
  const what = types.length === 0 ? 'no KVM' : `KVM ${types.join(' and ').toUpperCase()} only`;
  check.refuse('E_KVM_TYPE', 'kvm-type', `kvm-type=${text}, but the host ${host.name} has ${what}`);
  return types[0];
}

/** The checks of the engine (the engine columns of section 3.3, and section 2 for threads). */
function checkEngine(environment: Environment, check: Check): void {
  const { capabilities: caps, smp, cpu } = environment;
  if (smp.threads > 8) {
    check.refuse('E_THREADS', 'threads', `threads=${smp.threads}: the engine has at most 8 threads in a core`);
  } else if (smp.threads > 1 && levelRank(cpu.level) < levelRank('power8')) {
    check.refuse(
      'E_THREADS',
      'threads',
      `threads=${smp.threads}: more than one thread needs level power8, not ${cpu.level}`,
    );
  }
  if (caps.htm !== 0) check.refuse('E_HTM', 'cap-htm', 'the engine has no transactional memory');
  for (const name of ['cfpc', 'sbbc', 'ibs', 'ccf-assist'] as const) {
    if (caps[name] !== 0) {
      const why = `the guest is told of a work-around (cap-${name}) that the engine does not need; it does no harm`;
      check.warn('W_SEC', `cap-${name}`, why);
    }
  }
  if (caps['nested-hv'] !== 0 && smp.threads > 1) {
    check.refuse('E_NESTED', 'cap-nested-hv', `nested KVM on the engine needs threads=1, not ${smp.threads}`);
  }
  if (caps['rpt-invalidate'] !== 0 && levelRank(cpu.level) < levelRank('power9')) {
    const why = `H_RPT_INVALIDATE needs radix, which exists from level power9 on, not in ${cpu.level}`;
    check.refuse('E_RPT_RADIX', 'cap-rpt-invalidate', why);
  }
}

/** What a KVM host must be able to do for any pseries machine, and for this CPU. */
function checkKvmHost(environment: Environment, host: KvmProfile, check: Check): void {
  for (const capability of ['PPC_SEGSTATE', 'PPC_IRQ_LEVEL', 'PPC_PAPR'] as const) {
    if (!has(host, capability)) check.refuse('E_KVM_CAP', 'accel', `${host.name} lacks KVM_CAP_${capability}`);
  }
  const { cpu } = environment;
  const hostClass = classOfPvr(Number(host.pvr));
  const order = cpuClasses.map((row) => row.name);
  const hostAge = hostClass === undefined ? -1 : order.indexOf(hostClass.name);
  const age = order.indexOf(cpu.class);
  if (host.cpuRule === 'class' ? age !== hostAge : age > hostAge) {
    const rule = host.cpuRule === 'class' ? 'that class only' : 'that class or an older one';
    const why = `${host.name} is a ${hostClass?.name ?? host.pvr} and runs guests of ${rule}, not ${cpu.model}`;
    check.refuse('E_CPU_HOST', 'cpu', why);
  } else if (Number(cpu.pvr) !== Number(host.pvr)) {
    if (host.cpuRule === 'class') {
      const message = `the PVR register reads ${hex(Number(host.pvr), 8)}, that of the host, instead of ${cpu.pvr}`;
      check.deviations.push({ name: 'pvr', message });
    } else if (!pvrMatches(Number(host.pvr), Number(cpu.pvr))) {
      approximate(check, `${cpu.model} on a ${hostClass?.name} of another revision or class`);
    }
  }
  if (host.timebaseFrequency !== environment.timebaseFrequency) {
    const why = `the timebase of ${host.name} runs at ${host.timebaseFrequency} Hz, not ${environment.timebaseFrequency}`;
    check.refuse('E_TIMEBASE', 'accel', why);
  }
}

function approximate(check: Check, what: string): void {
  if (check.deviations.some((deviation) => deviation.name === 'cpu-features')) return;
  const message = `${what}: this KVM cannot set the PCR, so problem state keeps the instructions of the real CPU`;
  check.deviations.push({ name: 'cpu-features', message });
  check.warn('W_PR_APPROX', 'max-cpu-compat', message);
}

/** The virtual SMT mode (section 2, vsmt). @returns the mode to set, if any. */
function checkSmt(environment: Environment, host: KvmProfile, check: Check): number | undefined {
  const { vsmt, threads } = environment.smp;
  const mode = Math.max(1, host.kvm.PPC_SMT ?? 1);
  if (vsmt === mode) return undefined;
  const possible = host.kvm.PPC_SMT_POSSIBLE ?? 0;
  // Bit n of the mask stands for mode 2^n, so a mode that is a power of two is its own bit.
  if ((vsmt & (vsmt - 1)) === 0 && (possible & vsmt) !== 0) return vsmt;
  if (mode >= threads && vsmt % mode === 0) {
    check.warn('W_VSMT', 'vsmt', `${host.name} stays in SMT mode ${mode}, which can carry vsmt=${vsmt}`);
  } else {
    check.refuse('E_VSMT', 'vsmt', `${host.name} is in SMT mode ${mode} and cannot change it to vsmt=${vsmt}`);
  }
  return undefined;
}

/** What the host offers of MMUs against mmu-offer (section 6.2). */
function checkMmu(environment: Environment, host: KvmProfile, check: Check): void {
  const radix = has(host, 'PPC_MMU_RADIX');
  const hash3 = has(host, 'PPC_MMU_HASH_V3');
  const offer = environment.mmuOffer;
  const can = { either: radix && hash3, radix, hash: hash3 || !radix };
  if (can[offer]) return;
  const names = (Object.keys(can) as (keyof typeof can)[]).filter((name) => can[name]); // The keys of the literal above.
  const why = `the guest is offered mmu-offer=${offer}, but ${host.name} can only give ${names.join(' or ')}`;
  check.refuse('E_MMU', 'mmu-offer', why);
}

/** Who models the interrupt controllers (section 6.3). */
function controllers(
  environment: Environment,
  host: HostProfile,
  chip: IrqChip,
  check: Check,
): Provision['interruptController'] {
  const { offered, beforeCas } = environment.interruptModes;
  const wantsXics = offered !== 'xive';
  const wantsXive = offered !== 'xics';
  const option = 'kernel-irqchip';
  if (host.accelerator === 'engine' && chip === 'on') {
    check.refuse('E_IRQCHIP_NO_KVM', option, 'kernel-irqchip=on needs KVM; the engine models the controllers itself');
  }
  const kvm = host.accelerator === 'kvm' ? host : undefined;
  const kernelXics = kvm !== undefined && has(kvm, 'PPC_RTAS') && has(kvm, 'IRQ_XICS');
  const kernelXive = kvm !== undefined && has(kvm, 'PPC_IRQ_XIVE');
  const returns = kvm?.xicsReconnect ?? true;
  if (kvm !== undefined && chip === 'on') {
    if (offered === 'dual' && !returns) {
      const why = `${host.name} cannot give up its XICS device and create it again, which ic-mode=dual needs`;
      check.refuse('E_IRQCHIP_DUAL', option, why);
    } else if (wantsXive && !kernelXive) {
      check.refuse('E_IRQCHIP_XIVE', option, `${host.name} has no in-kernel XIVE (KVM_CAP_PPC_IRQ_XIVE)`);
    }
    if (wantsXics && !kernelXics) {
      check.refuse('E_IRQCHIP_XICS', option, `${host.name} has no in-kernel XICS (KVM_CAP_IRQ_XICS)`);
    }
  }
  const fallen: string[] = [];
  const place = (wanted: boolean, kernel: boolean, name: string): Controller => {
    if (!wanted) return 'none';
    if (kvm === undefined || chip === 'off') return 'emulated';
    if (kernel) return 'kernel';
    fallen.push(name);
    return 'emulated';
  };
  const xics = place(wantsXics, kernelXics, 'XICS');
  const xive = place(wantsXive, kernelXive, 'XIVE');
  if (chip === 'absent' && fallen.length > 0) {
    const names = fallen.join(' and ');
    const why = `${names} emulated, which is slower: ${host.name} has no in-kernel ${names}`;
    check.warn('W_IRQCHIP_FALLBACK', option, why);
  }
  return {
    beforeCas: beforeCas === 'xics' ? xics : xive,
    xics,
    xive,
    xicsReturns: xics !== 'kernel' || returns,
    mayFallBack: chip !== 'on',
  };
}

/** The checks of KVM (the KVM column of section 3.3), in index order. */
function checkKvmCapabilities(environment: Environment, host: KvmProfile, check: Check): void {
  const caps = environment.capabilities;
  const lacks = (capability: KvmCapability): string => `${host.name} does not have it (KVM_CAP_${capability})`;
  const countsAsHtm = has(host, 'PPC_HTM') || (host.transactionalMemory && !has(host, 'PPC_GET_PVINFO'));
  if (caps.htm !== 0 && !countsAsHtm) check.refuse('E_HTM', 'cap-htm', `transactional memory: ${lacks('PPC_HTM')}`);

  const security = securityLevels(host);
  for (const name of ['cfpc', 'sbbc', 'ibs'] as const) {
    if (caps[name] > security[name]) {
      const why = `cap-${name} asks for level ${caps[name]}, and ${host.name} reaches ${security[name]}`;
      check.refuse(`E_SEC(${name})`, `cap-${name}`, why);
    }
  }
  const pageSize = 2 ** caps['hpt-max-page-size'];
  if (host.pageSizesReal && pageSize > host.ramPageSize) {
    const [wanted, real] = [sizeText(BigInt(pageSize)), sizeText(BigInt(host.ramPageSize))];
    check.refuse(
      'E_HPT_PAGE',
      'cap-hpt-max-page-size',
      `hash pages of ${wanted} need host pages as large, and those are ${real}`,
    );
  }
  if (caps['nested-hv'] !== 0) {
    if (levelRank(environment.cpu.level) < levelRank('power9')) {
      check.refuse('E_NESTED', 'cap-nested-hv', `nested KVM needs level power9, not ${environment.cpu.level}`);
    } else if (!has(host, 'PPC_NESTED_HV')) {
      check.refuse('E_NESTED', 'cap-nested-hv', `nested KVM: ${lacks('PPC_NESTED_HV')}`);
    }
  }
  if (caps['large-decr'] !== 0 && host.largeDecrementerBits !== environment.decrementer.bits) {
    const why =
      host.largeDecrementerBits === 0
        ? `${host.name} cannot set LPCR[LD]`
        : `the decrementer of ${host.name} has ${host.largeDecrementerBits} bits, not ${environment.decrementer.bits}`;
    check.refuse('E_LARGE_DECR', 'cap-large-decr', why);
  }
  // A host that has switched the count cache off needs no flush, so it can promise the assisted one.
  if (caps['ccf-assist'] > security.ccfAssist && security.ibs !== 3) {
    check.refuse('E_SEC(ccf)', 'cap-ccf-assist', `${host.name} cannot flush the count cache with hardware help`);
  }
  if (caps.fwnmi !== 0 && !has(host, 'PPC_FWNMI')) {
    check.refuse('E_FWNMI', 'cap-fwnmi', `firmware-assisted machine checks: ${lacks('PPC_FWNMI')}`);
  }
  if (caps['rpt-invalidate'] !== 0) {
    if (!has(host, 'PPC_MMU_RADIX')) {
      check.refuse('E_RPT_RADIX', 'cap-rpt-invalidate', `H_RPT_INVALIDATE needs radix: ${lacks('PPC_MMU_RADIX')}`);
    } else if (!has(host, 'PPC_RPT_INVALIDATE')) {
      check.refuse('E_RPT', 'cap-rpt-invalidate', `H_RPT_INVALIDATE: ${lacks('PPC_RPT_INVALIDATE')}`);
    } else if (!has(host, 'PPC_ENABLE_HCALL') || !host.kernelHypercalls.includes('H_RPT_INVALIDATE')) {
      check.refuse(
        'E_RPT',
        'cap-rpt-invalidate',
        `${host.name} has no handler that enabling H_RPT_INVALIDATE could reach`,
      );
    }
  }
  if (caps['ail-mode-3'] !== 0 && !has(host, 'PPC_AIL_MODE_3')) {
    check.refuse('E_AIL3', 'cap-ail-mode-3', `interrupts with translation on: ${lacks('PPC_AIL_MODE_3')}`);
  }
  if (caps['nested-papr'] !== 0) {
    check.refuse('E_NESTED', 'cap-nested-papr', 'no KVM offers a guest the PAPR interface for nested KVM');
  }
  if (caps.dawr1 !== 0 && !has(host, 'PPC_DAWR1')) {
    check.refuse('E_DAWR1', 'cap-dawr1', `second watchpoint: ${lacks('PPC_DAWR1')}`);
  }
  if (caps['ail-mode-2'] !== 0) check.refuse('E_AIL2_KVM', 'cap-ail-mode-2', 'no KVM offers AIL mode 2');
}

/** All that one host has to say to an environment: its provision, complete even where refused, and every reason, in order. */
export function examine(
  environment: Environment,
  host: HostProfile,
  constraints: HostConstraints = {},
): { provision: Provision; reasons: Reason[] } {
  const check = new Check();
  const chip = irqChip(constraints, check);
  const type = kvmType(constraints, host, check);
  const interruptController = controllers(environment, host, chip, check);
  let smtMode: number | undefined;
  if (host.accelerator === 'engine') checkEngine(environment, check);
  else {
    smtMode = checkSmt(environment, host, check);
    const needsKernelResize = has(host, 'PPC_ALLOC_HTAB') && !has(host, 'SPAPR_RESIZE_HPT');
    if (environment.resizeHpt !== 'disabled' && needsKernelResize) {
      const why = `${host.name} cannot resize a hash page table (KVM_CAP_SPAPR_RESIZE_HPT)`;
      check.refuse('E_RESIZE_HPT', 'resize-hpt', why);
    }
    checkKvmHost(environment, host, check);
    checkMmu(environment, host, check);
    checkKvmCapabilities(environment, host, check);
    if (environment.cpu.maxCompat !== undefined) {
      if (host.compatRegister === 'refuses') {
        const why = `${host.name} cannot set level ${environment.cpu.maxCompat}, which max-cpu-compat sets at every reset`;
        check.refuse('E_COMPAT_KVM', 'max-cpu-compat', why);
      } else if (host.compatRegister === 'ignores') approximate(check, `level ${environment.cpu.maxCompat}`);
    }
  }
  const kvm = host.accelerator === 'kvm' ? host : undefined;
  const kernel = new Set(kvm?.kernelHypercalls ?? []);
  const provision: Provision = {
    host: host.name,
    accelerator: host.accelerator,
    ...(type === undefined ? {} : { kvmType: type }),
    pvr: kvm?.cpuRule === 'class' ? hex(Number(kvm.pvr), 8) : environment.cpu.pvr,
    interruptController,
    ...(smtMode === undefined ? {} : { smtMode }),
    compat:
      kvm === undefined
        ? 'pcr'
        : ({ sets: 'register', refuses: 'none', ignores: 'ignored' } as const)[kvm.compatRegister],
    kernelHypercalls: hypercallRows
      .filter((row) => environment.hypercalls[row.name] !== undefined && kernel.has(row.name))
      .map((row) => row.name),
    setMode: kvm?.setMode ?? 'machine',
    fscrLost: kvm?.fscrLost ?? '0x0',
    deviations: check.deviations,
    warnings: check.warnings,
  };
  return { provision, reasons: inOrder(check.reasons) };
}

/**
 * Can this host give exactly that?
 * @param environment what the guest is to see
 * @param host the host's profile
 * @param constraints what the user asks of the host besides (kernel-irqchip, kvm-type)
 * @returns how the host gives it, or every reason why it cannot
 */
export function provide(
  environment: Environment,
  host: HostProfile,
  constraints: HostConstraints = {},
): Provision | Refusal {
  const { provision, reasons } = examine(environment, host, constraints);
  if (reasons.length === 0) return provision;
  return { verdict: 'refused', reasons, warnings: provision.warnings };
}
