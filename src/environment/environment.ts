// The first of the three questions: what will the guest see? A pure function of the request; the host is not among its arguments.
import {
  type CapabilityName,
  type CapabilityRow,
  type CapabilityValues,
  capabilityRows,
  capabilityText,
  levelReached,
} from './capabilities.ts';
import { cpuCharacteristics } from './characteristics.ts';
import { levelRank, levelRow, levels, pcrFor } from './cpu-models.ts';
import {
  type Condition,
  functionSetRows,
  type HypercallRow,
  hypercallRows,
  privateFunctionSets,
} from './hypercalls.ts';
import { type InterruptOffer, interruptModes, interruptOffer } from './interrupt-modes.ts';
import { memoryShape } from './memory.ts';
import { Notes } from './notes.ts';
import { inOrder } from './order.ts';
import { noteTheRest } from './origins.ts';
import { paFeatures, piFeatures } from './pa-features.ts';
import { hasLargePages, radixPages, segmentPages, segmentShifts } from './page-sizes.ts';
import type { Reason, Refusal } from './reasons.ts';
import type { Request } from './request.ts';
import { type RtasRow, rtasRows } from './rtas-calls.ts';
import { capabilities, levelLimit, machineAndCpu, mmuOffer, resizeHpt } from './settle.ts';
import { smpShape } from './smp.ts';
import { hex } from './text.ts';
import type { Environment, LevelView, PlatformSupport } from './types.ts';

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
function platformSupport(isa300: boolean, offered: InterruptOffer, mmu: Environment['mmuOffer']): PlatformSupport {
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
      hostThreads: cpu.hostThreads,
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
      // The form of the list is offered by types that have no such list, too: it came for all at once.
      dynamicMemoryV2: true,
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
