// The first of the three questions: what will the guest see? A pure function of the request; the host is not among its arguments.
import {
  type CapabilityName,
  type CapabilityRow,
  type CapabilityValues,
  capabilityDefault,
  capabilityRows,
  capabilityText,
  type LevelLimit,
  levelReached,
  parseCapability,
} from './capabilities.ts';
import { cpuCharacteristics } from './characteristics.ts';
import {
  type CpuModel,
  classSupports,
  cpuClass,
  cpuModels,
  findCpuModel,
  findLevel,
  levelRank,
  levelRow,
  levels,
  pcrFor,
} from './cpu-models.ts';
import {
  type Condition,
  functionSetRows,
  type HypercallRow,
  hypercallRows,
  privateFunctionSets,
} from './hypercalls.ts';
import { type InterruptOffer, interruptModes, interruptOffer } from './interrupt-modes.ts';
import { findMachineType, type MachineType, machineTypes, newestMachineType } from './machine-types.ts';
import { memoryShape } from './memory.ts';
import { inOrder } from './order.ts';
import { paFeatures, piFeatures } from './pa-features.ts';
import { hasLargePages, radixPages, segmentPages, segmentShifts } from './page-sizes.ts';
import type { Reason, Refusal } from './reasons.ts';
import type { OptionName, Request } from './request.ts';
import { type RtasRow, rtasRows } from './rtas-calls.ts';
import { smpShape } from './smp.ts';
import { hex, nearest } from './text.ts';
import type { Environment, LevelView, PlatformSupport, Provenance } from './types.ts';

/** An environment that is complete even where parts of the request are refused, and every reason, in order. */
export interface Derived {
  readonly environment: Environment;
  readonly reasons: readonly Reason[];
}

/** Frequencies that are the same on every host, Hz (section 1). */
const timebaseFrequency = 512_000_000;
const clockFrequency = 1_000_000_000;

/** Byte 24 of the platform support for each mmu-offer (section 1). */
const mmuOfferByte = { either: 0x80, radix: 0x40, hash: 0x00 } as const;
/** Byte 23 for each offer of interrupt controllers (section 6.2). */
const interruptByte = { dual: 0x80, xive: 0x40, xics: 0x00 } as const;

function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Collects reasons and the provenance of what is decided. */
class Notes {
  readonly reasons: Reason[] = [];
  readonly warnings: Reason[] = [];
  readonly provenance: Record<string, Provenance> = {};

  refuse(code: Reason['code'], option: string, message: string): void {
    this.reasons.push({ code, option, message });
  }
  note(member: string, from: Provenance['from'], detail: string): void {
    this.provenance[member] = { from, detail };
  }
}

/** The machine type and CPU model of a request; unknown names are refused and replaced by the defaults. */
function machineAndCpu(request: Request, notes: Notes): { type: MachineType; model: CpuModel } {
  const wanted = request.machine ?? 'pseries';
  const found = findMachineType(wanted);
  if (found === undefined) {
    const known = machineTypes.map((row) => row.name);
    notes.refuse('E_OPTION_VALUE', 'machine', `there is no machine type ${clip(wanted)}${didYouMean(wanted, known)}`);
  }
  // The newest name is a row of the table.
  const type = found ?? (findMachineType(newestMachineType) as MachineType);
  notes.note('machineType', request.machine === undefined ? 'platform' : 'option', `machine=${wanted}`);

  const defaultModel = findCpuModel(type.traits.defaultCpu) as CpuModel; // A default of the table names a model of the table.
  const wantedCpu = request.cpu;
  const model = wantedCpu === undefined ? defaultModel : findCpuModel(wantedCpu);
  if (model === undefined) {
    const known = cpuModels.flatMap((row) => [row.name, ...row.aliases]);
    const why =
      wantedCpu?.toLowerCase() === 'host'
        ? 'cpu=host is the CPU of a host, so no environment can be made from it alone; name the model'
        : `there is no CPU model ${clip(wantedCpu ?? '')}${didYouMean(wantedCpu ?? '', known)}`;
    notes.refuse(wantedCpu?.toLowerCase() === 'host' ? 'E_CPU_HOST' : 'E_OPTION_VALUE', 'cpu', why);
  }
  const chosen = model ?? defaultModel;
  const by = type.changedBy.defaultCpu;
  if (wantedCpu === undefined) {
    notes.note('cpu', 'machine-type', by === undefined ? `default of ${type.name}` : `default up to pseries-${by}`);
  } else {
    notes.note('cpu', 'option', `cpu=${wantedCpu}`);
  }
  return { type, model: chosen };
}

/** The limit on the CPU level: class and max-cpu-compat (section 7.2). */
function levelLimit(request: Request, model: CpuModel, notes: Notes): LevelLimit {
  const cpu = cpuClass(model.class);
  const wanted = request['max-cpu-compat'];
  if (wanted === undefined) return { cpu, maximum: undefined };
  const option = 'max-cpu-compat';
  const level = findLevel(wanted.toLowerCase());
  if (level === undefined) {
    const known = levels.map((row) => row.name);
    const text = `max-cpu-compat=${clip(wanted)} is no level; there are ${known.join(', ')}`;
    notes.refuse('E_COMPAT_NAME', option, text + didYouMean(wanted, known));
    return { cpu, maximum: undefined };
  }
  if (!classSupports(cpu, level.name)) {
    const text = `a ${cpu.name} CPU runs in levels up to ${cpu.newestLevel}, not ${level.name}`;
    notes.refuse('E_COMPAT_CPU', option, text);
    return { cpu, maximum: undefined };
  }
  return { cpu, maximum: level.name };
}

/** The capability values of a request, with the checks that do not need a host (section 3.3). */
function capabilities(
  request: Request,
  rows: readonly CapabilityRow[],
  type: MachineType,
  limit: LevelLimit,
  notes: Notes,
): CapabilityValues {
  const values: Record<string, number> = {};
  for (const row of rows) {
    const option: OptionName = `cap-${row.name}`;
    const given = request[option];
    const standard = capabilityDefault(row, type, limit);
    let value = standard.value;
    if (given !== undefined) {
      const parsed = parseCapability(row, given);
      if (typeof parsed === 'number') value = parsed;
      else notes.reasons.push(parsed);
    }
    values[row.name] = value;
    if (given === undefined) notes.note(`capabilities.${row.name}`, standard.source, standard.detail);
    else notes.note(`capabilities.${row.name}`, 'option', `${option}=${given}`);
  }
  // Every row of the table has been given a value above.
  const all = values as Record<CapabilityName, number>;
  checkCapabilities(all, limit, notes);
  return all;
}

/** The checks of capability values that come out the same on every host, in index order. */
function checkCapabilities(values: CapabilityValues, limit: LevelLimit, notes: Notes): void {
  const { cpu, maximum } = limit;
  const below = maximum === undefined ? `a ${cpu.name} CPU` : `${cpu.name} with max-cpu-compat=${maximum}`;
  if (values.vsx !== 0 && !cpu.vsx) notes.refuse('E_VSX', 'cap-vsx', `a ${cpu.name} CPU has no VSX`);
  if (values.dfp !== 0 && !cpu.dfp) notes.refuse('E_DFP', 'cap-dfp', `a ${cpu.name} CPU has no decimal floating point`);
  const shift = values['hpt-max-page-size'];
  if (shift < 12) {
    const text = `the largest hash page of ${1 << shift} bytes is smaller than 4 KiB, the smallest there is`;
    notes.refuse('E_HPT_MIN', 'cap-hpt-max-page-size', text);
  } else if (shift < 16) {
    const message = `hash pages of at most ${1 << (shift - 10)} KiB: many guests expect 64 KiB pages`;
    notes.warnings.push({ code: 'W_PAGE_SMALL', option: 'cap-hpt-max-page-size', message });
  }
  if (values['nested-hv'] !== 0) {
    if (!cpu.isa300) {
      notes.refuse('E_NESTED', 'cap-nested-hv', `nested KVM needs ISA 3.0, which a ${cpu.name} CPU does not have`);
    }
    if (values['nested-papr'] !== 0) {
      const text = 'cap-nested-hv and cap-nested-papr are two interfaces to the same thing; only one can be on';
      notes.refuse('E_NESTED_EXCL', 'cap-nested-hv', text);
    }
  }
  if (values['large-decr'] !== 0 && !levelReached(limit, 'power9')) {
    notes.refuse(
      'E_LARGE_DECR',
      'cap-large-decr',
      `the large decrementer exists from level power9 on, not on ${below}`,
    );
  }
  if (values['ail-mode-3'] !== 0 && !cpu.hasAil) {
    notes.refuse('E_AIL3', 'cap-ail-mode-3', `AIL exists from ISA 2.07 on; a ${cpu.name} CPU has none`);
  }
  if (values['nested-papr'] !== 0 && !cpu.isa300) {
    notes.refuse('E_NESTED', 'cap-nested-papr', `nested KVM needs ISA 3.0, which a ${cpu.name} CPU does not have`);
  }
  if (values.dawr1 !== 0 && !levelReached(limit, 'power10')) {
    notes.refuse('E_DAWR1', 'cap-dawr1', `the second watchpoint exists from level power10 on, not on ${below}`);
  }
  if (values['ail-mode-2'] !== 0 && !cpu.hasAil2) {
    notes.refuse('E_AIL2', 'cap-ail-mode-2', `AIL mode 2 exists on POWER8 and POWER9 only, not on ${cpu.name}`);
  }
}

type MmuOffer = Environment['mmuOffer'];

/** The MMU modes to offer (section 1, mmu-offer). */
function mmuOffer(request: Request, limit: LevelLimit, notes: Notes): MmuOffer {
  const radixLevel = levelReached(limit, 'power9');
  const standard: MmuOffer = radixLevel ? 'either' : 'hash';
  const wanted = request['mmu-offer']?.toLowerCase();
  if (wanted === undefined) {
    const byUser = !radixLevel && limit.cpu.isa300;
    const detail = radixLevel ? 'level power9 and newer' : `below level power9 there is only hash`;
    notes.note('mmuOffer', byUser ? 'constraint' : 'cpu', detail);
    return standard;
  }
  notes.note('mmuOffer', 'option', `mmu-offer=${wanted}`);
  if (wanted !== 'either' && wanted !== 'radix' && wanted !== 'hash') {
    const known = ['either', 'radix', 'hash'];
    const text = `mmu-offer=${clip(wanted)} is none of ${known.join(', ')}${didYouMean(wanted, known)}`;
    notes.refuse('E_OPTION_VALUE', 'mmu-offer', text);
    return standard;
  }
  if (wanted !== 'hash' && !radixLevel) {
    const why = limit.cpu.isa300 ? `max-cpu-compat=${limit.maximum}` : `a ${limit.cpu.name} CPU`;
    notes.refuse('E_MMU', 'mmu-offer', `mmu-offer=${wanted} offers radix, which ${why} does not reach`);
    return standard;
  }
  return wanted;
}

function resizeHpt(request: Request, type: MachineType, notes: Notes): Environment['resizeHpt'] {
  const wanted = request['resize-hpt']?.toLowerCase();
  if (wanted === undefined || wanted === 'default') {
    const by = type.changedBy.resizeHpt;
    notes.note(
      'resizeHpt',
      'machine-type',
      by === undefined ? `default of ${type.name}` : `default up to pseries-${by}`,
    );
    return type.traits.resizeHpt;
  }
  notes.note('resizeHpt', 'option', `resize-hpt=${wanted}`);
  if (wanted === 'disabled' || wanted === 'enabled' || wanted === 'required') return wanted;
  const known = ['default', 'disabled', 'enabled', 'required'];
  const text = `resize-hpt=${clip(wanted)} is none of ${known.join(', ')}${didYouMean(wanted, known)}`;
  notes.refuse('E_OPTION_VALUE', 'resize-hpt', text);
  return type.traits.resizeHpt;
}

/** @returns whether a row of the hypercall or RTAS table exists. */
function holds(
  when: Condition | undefined,
  values: CapabilityValues,
  offered: InterruptOffer,
  context: { resizeHpt: Environment['resizeHpt']; nvdimm: boolean; devices: readonly string[] },
): boolean {
  if (when === undefined) return true;
  if (when.capability !== undefined && values[when.capability] === 0) return false;
  if (when.controller !== undefined && offered !== 'dual' && offered !== when.controller) return false;
  if (when.resizeHpt === true && context.resizeHpt === 'disabled') return false;
  if (when.nvdimm === true && !context.nvdimm) return false;
  return when.device === undefined || context.devices.includes(when.device);
}

/** The offer of a level: bytes 23 and 24 are zero below ISA 3.0 (section 6.2). */
function platformSupport(isa300: boolean, offered: InterruptOffer, mmu: MmuOffer): PlatformSupport {
  return {
    '23': isa300 ? interruptByte[offered] : 0,
    '24': isa300 ? mmuOfferByte[mmu] : 0,
    '25': 0x00,
    '26': 0x40,
  };
}

/** A table that cannot be resized is made for all memory that can be plugged. */
function withLargestTable(memory: Environment['memory']): Environment['memory'] {
  const { maximum } = memory.hptShift;
  return { ...memory, hptShift: { initial: maximum, maximum } };
}

/** Drops options with an empty value: they are taken back, as if not given. */
function given(request: Request): Request {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined && value !== ''));
}

/**
 * Works out the environment of a request and every reason against it.
 * @param request what was asked for
 * @param rows the capability table; another one is for tests only
 */
export function derive(asked: Request, rows: readonly CapabilityRow[] = capabilityRows): Derived {
  const request = given(asked);
  const notes = new Notes();
  const { type, model } = machineAndCpu(request, notes);
  const limit = levelLimit(request, model, notes);
  const offer = interruptOffer(request['ic-mode'], type, limit);
  const { shape, reasons: smpReasons } = smpShape(request, type);
  const memory = memoryShape(request, type);
  notes.reasons.push(...offer.reasons, ...smpReasons, ...memory.reasons);
  const resize = resizeHpt(request, type, notes);
  const mmu = mmuOffer(request, limit, notes);
  const values = capabilities(request, rows, type, limit, notes);

  const { cpu, maximum } = limit;
  const newest = maximum ?? cpu.newestLevel;
  const isa300 = levelReached(limit, 'power9');
  const segments = segmentPages(values['hpt-max-page-size']);
  const ciLarge = hasLargePages(segments);
  const devices = (request.devices ?? '').split(',').filter((name) => name !== '');
  const context = { resizeHpt: resize, nvdimm: type.traits.nvdimm, devices };
  const exists = (row: { readonly when?: Condition }) => holds(row.when, values, offer.offered, context);

  const view = (name: LevelView['name']): LevelView => {
    const level = name === 'raw' ? cpu.newestLevel : name;
    const logicalPvr = name === 'raw' ? 0 : levelRow(level).logicalPvr;
    return {
      name,
      logicalPvr: hex(logicalPvr, 8),
      cpuVersion: hex(name === 'raw' ? model.pvr : logicalPvr, 8),
      pcr: name === 'raw' ? hex(0n, 16) : pcrFor(cpu, level),
      threadsPerCore: Math.min(shape.threads, levelRow(level).maxThreads),
      paFeatures: paFeatures(level, values, ciLarge),
      piFeatures: piFeatures(level),
      platformSupport: platformSupport(levelRank(level) >= levelRank('power9'), offer.offered, mmu),
    };
  };
  const levelViews = levels.filter((row) => levelRank(row.name) <= levelRank(newest)).map((row) => view(row.name));
  const reset = maximum === undefined ? view('raw') : view(maximum);
  if (maximum === undefined) levelViews.push(reset);

  const ailModes = [0];
  if (values['ail-mode-2'] !== 0) ailModes.push(2);
  if (values['ail-mode-3'] !== 0) ailModes.push(3);
  const large = values['large-decr'] !== 0;

  // The tables are walked as their row types: the literal types of their entries leave `when` out where a row has none.
  const hypercalls = (hypercallRows as readonly HypercallRow[]).filter(exists);
  const rtas = (rtasRows as readonly RtasRow[]).filter(exists);

  const environment: Environment = {
    machineType: type.name,
    cpu: {
      model: model.name,
      class: model.class,
      pvr: hex(model.pvr, 8),
      level: newest,
      logicalPvr: hex(levelRow(newest).logicalPvr, 8),
      pcr: reset.pcr,
      ...(maximum === undefined ? {} : { maxCompat: maximum }),
      rawAllowed: maximum === undefined,
      nodeName: cpu.nodeName,
      slbEntries: cpu.slbEntries,
      l1DataCache: cpu.l1DataCache,
      l1InstructionCache: cpu.l1InstructionCache,
      cacheLine: cpu.cacheLine,
    },
    levels: levelViews,
    capabilities: values,
    interruptModes: interruptModes(offer.offered, type, shape),
    platformSupport: reset.platformSupport,
    ailModes,
    mmuOffer: mmu,
    mmuModes: mmu === 'either' ? ['hash', 'radix'] : [mmu],
    resizeHpt: resize,
    hypercalls: Object.fromEntries(hypercalls.map((row) => [row.name, row.number])),
    hypertasFunctions: functionSetRows.filter(exists).map((row) => row.name),
    privateFunctions: privateFunctionSets,
    rtas: Object.fromEntries(rtas.map((row) => [row.name, row.token])),
    smp: shape,
    paFeatures: reset.paFeatures,
    piFeatures: reset.piFeatures,
    facilities: {
      vmx: values.vsx !== 0 ? 2 : 1,
      dfp: values.dfp !== 0,
      htm: values.htm !== 0,
      scv: isa300,
      watchpoints: cpu.hasAil,
      dawr1: values.dawr1 !== 0,
      nestedHv: values['nested-hv'] !== 0,
      nestedPapr: values['nested-papr'] !== 0,
      fwnmi: values.fwnmi !== 0,
    },
    pageSizes: {
      hptMaxShift: values['hpt-max-page-size'],
      segments,
      ciLargePages: ciLarge,
      radix: cpu.isa300 ? radixPages : [],
    },
    segmentSizes: segmentShifts,
    memory: resize === 'disabled' ? withLargestTable(memory.shape) : memory.shape,
    decrementer: { bits: large ? cpu.largeDecrementerBits : 32, large },
    timebaseFrequency,
    clockFrequency,
    characteristics: cpuCharacteristics(values),
    optionVector5: {
      dynamicMemory: type.traits.memoryHotplug,
      form1Affinity: true,
      form2Affinity: type.traits.form2Affinity,
      hotplugEvents: type.traits.modernHotplugEvents,
      hptResize: resize !== 'disabled',
      dynamicMemoryV2: type.traits.memoryHotplug,
      radixGtse: true,
    },
    traits: type.traits,
    devices,
    warnings: notes.warnings,
    provenance: notes.provenance,
  };
  noteTheRest(request, type, limit, notes);
  return { environment, reasons: inOrder(notes.reasons) };
}

/** The provenance of what follows from the parts above. */
function noteTheRest(request: Request, type: MachineType, limit: LevelLimit, notes: Notes): void {
  const note = (...[member, from, detail]: Parameters<Notes['note']>) => notes.note(member, from, detail);
  const constrained = limit.maximum !== undefined;
  if (constrained) note('cpu.level', 'option', `max-cpu-compat=${limit.maximum}`);
  else note('cpu.level', 'cpu', `newest level of ${limit.cpu.name}`);
  for (const member of ['cpu.logicalPvr', 'cpu.pcr', 'cpu.maxCompat', 'cpu.rawAllowed']) {
    notes.provenance[member] = notes.provenance['cpu.level'] as Provenance; // Set on the line above the loop.
  }
  const upTo = constrained ? `max-cpu-compat=${limit.maximum}` : `all that a ${limit.cpu.name} supports`;
  for (const member of ['levels', 'platformSupport', 'paFeatures', 'piFeatures', 'mmuModes']) {
    note(member, constrained ? 'constraint' : 'cpu', upTo);
  }
  const ic = request['ic-mode'];
  if (ic !== undefined) note('interruptModes', 'option', `ic-mode=${ic}`);
  else if (type.traits.icMode === 'dual' && !levelReached(limit, 'power9')) {
    const detail = 'XIVE exists from level power9 on, so the default is narrowed to xics';
    note('interruptModes', constrained && limit.cpu.isa300 ? 'constraint' : 'cpu', detail);
  } else note('interruptModes', 'machine-type', `default of ${type.name}`);
  note('ailModes', 'platform', 'mode 0, and each mode whose capability is on');
  note('hypercalls', 'platform', 'the table of hypercalls, by capabilities, ic-mode and resize-hpt');
  note('hypertasFunctions', 'platform', 'the table of function sets, by capabilities and resize-hpt');
  note('privateFunctions', 'platform', 'the same on every machine');
  note('rtas', 'platform', 'the table of RTAS calls, by ic-mode');
  const smpGiven = (['cpus', 'sockets', 'cores', 'threads', 'maxcpus', 'vsmt'] as const).filter(
    (name) => request[name] !== undefined,
  );
  if (smpGiven.length > 0) note('smp', 'option', smpGiven.map((name) => `${name}=${request[name]}`).join(','));
  else note('smp', 'platform', 'one CPU where -smp is not given');
  if (request.vsmt !== undefined) note('smp.vsmt', 'option', `vsmt=${request.vsmt}`);
  else
    note(
      'smp.vsmt',
      'machine-type',
      type.traits.vsmtMinimum > 0 ? 'at least 8 up to pseries-4.1' : 'threads of a core',
    );
  note('facilities', 'platform', 'capabilities and CPU class');
  const page = notes.provenance['capabilities.hpt-max-page-size'];
  note('pageSizes', page?.from ?? 'platform', page?.detail ?? '');
  note('segmentSizes', 'cpu', limit.cpu.name);
  if (request.memory === undefined) note('memory', 'platform', '512 MiB where -m is not given');
  else note('memory', 'option', `-m ${request.memory}`);
  const decrementer = notes.provenance['capabilities.large-decr'];
  note('decrementer', decrementer?.from ?? 'cpu', decrementer?.detail ?? '');
  note('timebaseFrequency', 'platform', '512 MHz on every host');
  note('clockFrequency', 'platform', '1 GHz is shown on every host');
  note('characteristics', 'platform', 'cap-cfpc, cap-sbbc, cap-ibs and cap-ccf-assist');
  note('optionVector5', 'machine-type', type.name);
  note('traits', 'machine-type', type.name);
  note('devices', request.devices === undefined ? 'platform' : 'option', request.devices ?? 'none asked for');
  note('capabilities', 'machine-type', type.name);
}

/** @returns the values of an environment's capabilities as a user would write them. */
export function capabilityTexts(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    capabilityRows.map((row) => [
      `cap-${row.name}`,
      // Every capability name has a value in an environment.
      capabilityText(row, environment.capabilities[row.name as CapabilityName]),
    ]),
  );
}

/**
 * What will the guest see? Depends on the request alone.
 * @param request options by name, as the user wrote them
 * @returns the environment, or every reason why there is none; {@link decide} adds what a host has to say and ways out
 */
export function environment(request: Request): Environment | Refusal {
  const derived = derive(request);
  if (derived.reasons.length === 0) return derived.environment;
  return { verdict: 'refused', reasons: derived.reasons, warnings: derived.environment.warnings };
}
