// Ways out of a refusal: for each reason the smallest change that removes it and brings no new one, found by trying.
import { capabilityRows, capabilityText, parseCapability } from './capabilities.ts';
import { cpuModels, findCpuModel, findLevel, levels, modelsForPvr } from './cpu-models.ts';
import { derive } from './environment.ts';
import { type HostProfile, securityLevels } from './host-profile.ts';
import { machineTypes } from './machine-types.ts';
import { reasonKey } from './order.ts';
import type { Reason } from './reasons.ts';
import { type Change, changed, changesText, type OptionName, optionRows, type Request } from './request.ts';
import { nearest, parseSize } from './text.ts';

/** Evaluates a request on the host in question. */
type ReasonsOf = (request: Request) => readonly Reason[];

/** Each option once: the value of its last change. */
function merged(changes: readonly Change[]): Change[] {
  return [...new Map(changes.map((change) => [change.option, change])).values()];
}

/** Sets a capability to the greatest value that a host can give. */
function capabilityCandidates(reason: Reason, host: HostProfile): Change[][] {
  const row = capabilityRows.find((candidate) => `cap-${candidate.name}` === reason.option);
  if (row === undefined) return [];
  const option: OptionName = `cap-${row.name}`;
  const to = (value: number): Change[] => [{ option, value: capabilityText(row, value) }];
  if (reason.code === 'E_HPT_MIN') return [to(12)];
  if (reason.code === 'E_HPT_PAGE' && host.accelerator === 'kvm') return [to(Math.log2(host.ramPageSize))];
  if (row.values.kind === 'words' && host.accelerator === 'kvm') {
    const security = securityLevels(host);
    const level = { cfpc: security.cfpc, sbbc: security.sbbc, ibs: security.ibs }[row.name] ?? 0;
    return [to(level), to(0)];
  }
  return [to(0)];
}

/** An option taken back: where no empty value can be written for it, its default is. */
function back(option: OptionName, request: Request): Change {
  if (option === 'machine') return { option, value: 'pseries' };
  if (option === 'cpu') return { option, value: derive({ machine: request.machine ?? '' }).environment.cpu.model };
  if (option === 'memory') return { option, value: '512M' };
  return { option, value: undefined };
}

/** A word that the user may have meant, or the option taken back. */
function wordCandidates(option: OptionName, request: Request, known: readonly string[]): Change[][] {
  const near = nearest(request[option] ?? '', known);
  const drop = [back(option, request)];
  return near === undefined ? [drop] : [[{ option, value: near }], drop];
}

function valueCandidates(reason: Reason, request: Request): Change[][] {
  // The reasons of wrong values name the option of the request that holds the value.
  const option = reason.option as OptionName;
  const value = request[option] ?? '';
  if (option === 'machine')
    return wordCandidates(
      option,
      request,
      machineTypes.map((type) => type.name),
    );
  if (option === 'cpu')
    return wordCandidates(
      option,
      request,
      cpuModels.flatMap((model) => [model.name, ...model.aliases]),
    );
  if (option === 'max-cpu-compat')
    return wordCandidates(
      option,
      request,
      levels.map((level) => level.name),
    );
  const capability = capabilityRows.find((row) => `cap-${row.name}` === option);
  if (capability?.values.kind === 'size') {
    const size = parseSize(value);
    if (size !== undefined && size > 0n) {
      const shift = size.toString(2).length - 1;
      const text = capabilityText(capability, shift);
      if (parseCapability(capability, text) === shift)
        return [[{ option, value: text }], [{ option, value: undefined }]];
    }
  }
  return wordCandidates(option, request, optionRows.find((row) => row.name === option)?.choices ?? []);
}

/** CPUs of the host's class: the model nearest to its PVR first, by the alias where there is one. */
function cpuCandidates(request: Request, host: HostProfile): Change[][] {
  const wanted = derive(request).environment.cpu;
  if (host.accelerator === 'engine') return [[back('cpu', request)]];
  const pvr = Number(host.pvr);
  const models = modelsForPvr(pvr);
  const result: Change[][] = [];
  for (const model of models) {
    const cpu: Change = { option: 'cpu', value: model.aliases[0] ?? model.name };
    result.push([cpu]);
    // A guest that was to get an older CPU gets its level on the host's class.
    if (findCpuModel(cpu.value ?? '') !== undefined) {
      result.push([cpu, { option: 'max-cpu-compat', value: wanted.level }]);
      result.push([cpu, { option: 'max-cpu-compat', value: undefined }]);
    }
  }
  return result;
}

function smpCandidates(reason: Reason, request: Request, host: HostProfile): Change[][] {
  const drop = (...names: OptionName[]): Change[] => names.map((option) => ({ option, value: undefined }));
  const threads = Number(request.threads ?? 1);
  const fewerThreads: Change[][] = [];
  for (const fewer of [8, 4, 2, 1]) {
    if (Number.isFinite(threads) && fewer >= threads) continue;
    const set: Change = { option: 'threads', value: String(fewer) };
    fewerThreads.push([set], [set, ...drop('cores')], [set, ...drop('sockets', 'cores')]);
  }
  fewerThreads.push(drop('threads'), drop('threads', 'sockets', 'cores'));
  fewerThreads.push(drop('threads', 'sockets', 'cores', 'maxcpus'));
  if (reason.code === 'E_THREADS') return fewerThreads;
  if (reason.code === 'E_VSMT') {
    const { smp } = derive(request).environment;
    const modes = host.accelerator === 'kvm' ? [host.kvm.PPC_SMT ?? 1, 8, 4, 2, 1] : [];
    const fitting = [...new Set([smp.threads, ...modes])].filter((mode) => mode >= smp.threads);
    const set = fitting.map((mode): Change[] => [{ option: 'vsmt', value: String(mode) }]);
    return [drop('vsmt'), ...set, ...fewerThreads, ...fewerThreads.map((changes) => [...changes, ...drop('vsmt')])];
  }
  const memory: OptionName[] = ['maxcpus', 'cores', 'sockets', 'threads', 'cpus'];
  return [
    ...memory.filter((name) => request[name] !== undefined).map((name) => drop(name)),
    drop('sockets', 'cores'),
    drop('maxcpus', 'sockets', 'cores'),
    drop('sockets', 'cores', 'threads', 'maxcpus'),
    drop(...memory),
  ];
}

function memoryCandidates(reason: Reason, request: Request): Change[][] {
  const option = reason.option as OptionName; // The memory reasons name memory, maxmem or slots.
  const result: Change[][] = [];
  const size = parseSize(request[option] ?? '', 2 ** 20);
  if (option !== 'slots' && size !== undefined && size > 0n && size < 2n ** 50n) {
    const blocks = (size + (1n << 28n) - 1n) >> 28n;
    result.push([{ option, value: `${blocks * 256n}M` }]);
  }
  result.push([back(option, request)], [{ option: 'maxmem', value: undefined }]);
  return result;
}

/** @returns changes that may remove a reason, the likeliest first. */
function candidates(reason: Reason, request: Request, host: HostProfile): Change[][] {
  const drop = (option: OptionName): Change[] => [{ option, value: undefined }];
  switch (reason.code) {
    case 'E_CAP_VALUE':
    case 'E_CAP_POW2':
    case 'E_IC_MODE_VALUE':
    case 'E_OPTION_VALUE':
    case 'E_COMPAT_NAME':
      return valueCandidates(reason, request);
    case 'E_MEMORY':
      return memoryCandidates(reason, request);
    case 'E_IC_MODE_LEGACY':
      return [drop('ic-mode')];
    case 'E_IC_MODE_LEVEL':
      return [[{ option: 'ic-mode', value: 'xics' }]];
    case 'E_COMPAT_CPU': {
      const { cpu } = derive(request).environment;
      const level = findLevel(cpu.level);
      return level === undefined ? [drop('max-cpu-compat')] : [[{ option: 'max-cpu-compat', value: level.name }]];
    }
    case 'E_SMP':
    case 'E_THREADS':
    case 'E_VSMT':
      return smpCandidates(reason, request, host);
    case 'E_RESIZE_HPT':
      return [[{ option: 'resize-hpt', value: 'disabled' }]];
    case 'E_KVM_TYPE':
      return [[{ option: 'kvm-type', value: 'auto' }]];
    case 'E_CPU_HOST':
      return cpuCandidates(request, host);
    case 'E_MMU': {
      const offers = ['either', 'radix', 'hash'].map((value): Change[] => [{ option: 'mmu-offer', value }]);
      return [...offers, drop('mmu-offer'), ...offers.map((offer) => [...offer, ...drop('max-cpu-compat')])];
    }
    case 'E_IRQCHIP_NO_KVM':
      return [[{ option: 'kernel-irqchip', value: 'off' }]];
    case 'E_IRQCHIP_SPLIT':
    case 'E_IRQCHIP_XIVE':
    case 'E_IRQCHIP_XICS':
    case 'E_IRQCHIP_DUAL':
      return [drop('kernel-irqchip')];
    case 'E_NESTED_EXCL':
      return [[{ option: 'cap-nested-papr', value: 'off' }], [{ option: 'cap-nested-hv', value: 'off' }]];
    case 'E_COMPAT_KVM':
      return [drop('max-cpu-compat')];
    default:
      return capabilityCandidates(reason, host);
  }
}

/** How many further changes a way out may need for what its first change brings along. */
const furtherChanges = 6;
/** How many reasons a solution may take up one after the other. */
const mostSteps = 40;

/** Follows one candidate: removes what it newly brings, until nothing is left that was not there before. */
function follow(
  request: Request,
  first: readonly Change[],
  reason: Reason,
  known: ReadonlySet<string>,
  host: HostProfile,
  reasonsOf: ReasonsOf,
): Change[] | undefined {
  let changes = merged(first);
  for (let step = 0; step <= furtherChanges; step++) {
    const next = changed(request, changes);
    const rest = reasonsOf(next);
    if (rest.some((other) => reasonKey(other) === reasonKey(reason))) return undefined;
    const fresh = rest.find((other) => !known.has(reasonKey(other)));
    if (fresh === undefined) return changes;
    const further = candidates(fresh, next, host).find(
      (candidate) => !reasonsOf(changed(next, candidate)).some((other) => reasonKey(other) === reasonKey(fresh)),
    );
    if (further === undefined) return undefined;
    changes = merged([...changes, ...further]);
  }
  return undefined;
}

/** @returns the fewest changes found that remove one reason and bring no new one. */
function wayOut(
  request: Request,
  reason: Reason,
  reasons: readonly Reason[],
  host: HostProfile,
  reasonsOf: ReasonsOf,
): Change[] | undefined {
  const known = new Set(reasons.map(reasonKey));
  let best: Change[] | undefined;
  for (const candidate of candidates(reason, request, host)) {
    if (best !== undefined && candidate.length >= best.length) continue;
    const changes = follow(request, candidate, reason, known, host, reasonsOf);
    if (changes !== undefined && (best === undefined || changes.length < best.length)) best = changes;
  }
  return best;
}

/** Changes that start, found reason by reason, each for the request as the earlier ones leave it. */
function inSequence(request: Request, host: HostProfile, reasonsOf: ReasonsOf): Change[] | undefined {
  let all: Change[] = [];
  for (let step = 0; step <= mostSteps; step++) {
    const current = changed(request, all);
    const now = reasonsOf(current);
    const [first] = now;
    if (first === undefined) return all;
    const changes = wayOut(current, first, now, host, reasonsOf);
    if (changes === undefined) return undefined;
    all = merged([...all, ...changes]);
  }
  return undefined;
}

/** @returns the changes without those that are not needed for `enough`, the last ones left out first. */
function fewest(changes: readonly Change[], enough: (some: readonly Change[]) => boolean): Change[] {
  let kept = merged(changes);
  for (const change of [...kept].reverse()) {
    const without = kept.filter((other) => other !== change);
    if (enough(without)) kept = without;
  }
  return kept;
}

/** Ways out that are parts of one solution, for reasons whose own ways out contradict each other. */
function fromOneSolution(
  request: Request,
  reasons: readonly Reason[],
  solution: readonly Change[],
  reasonsOf: ReasonsOf,
): Change[][] {
  const known = new Set(reasons.map(reasonKey));
  const parts = reasons.map((reason) =>
    fewest(solution, (some) =>
      reasonsOf(changed(request, some)).every(
        (other) => reasonKey(other) !== reasonKey(reason) && known.has(reasonKey(other)),
      ),
    ),
  );
  const together = reasonsOf(changed(request, parts.flat()));
  return together.length === 0 ? parts : reasons.map(() => [...solution]);
}

/** Reasons with their ways out, and the fewest changes of all of them that start. */
export interface Fixed {
  readonly reasons: readonly Reason[];
  readonly changes?: readonly Change[];
}

/**
 * Adds a way out to each reason, where all of them together start: that is tried before they are offered.
 * @param request the refused request
 * @param reasons its reasons
 * @param host the host in question
 * @param reasonsOf evaluates another request on that host
 */
export function addFixes(request: Request, reasons: readonly Reason[], host: HostProfile, reasonsOf: ReasonsOf): Fixed {
  let found: (Change[] | undefined)[] = reasons.map((reason) => wayOut(request, reason, reasons, host, reasonsOf));
  const together = found.flatMap((changes) => changes ?? []);
  const allStart =
    found.every((changes) => changes !== undefined) && reasonsOf(changed(request, together)).length === 0;
  if (!allStart) {
    const solution = inSequence(request, host, reasonsOf);
    if (solution === undefined) return { reasons };
    found = fromOneSolution(request, reasons, solution, reasonsOf);
  }
  const all = found.flatMap((changes) => changes ?? []);
  return {
    reasons: reasons.map((reason, at) => {
      const changes = found[at];
      return changes === undefined ? reason : { ...reason, fix: changesText(changes) };
    }),
    changes: fewest(all, (some) => reasonsOf(changed(request, some)).length === 0),
  };
}
