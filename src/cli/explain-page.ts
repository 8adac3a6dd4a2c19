// The page that `continuo explain` prints: the verdict, what the guest sees and why, what the host does, warnings.
import {
  capabilityRows,
  capabilityTexts,
  type Decision,
  type Environment,
  type HostProfile,
  type Provenance,
  type Provision,
  standardDefault,
} from '../environment/index.ts';
import { machineLimits } from '../machine/machine-limits.ts';
import { printed } from './printable.ts';
import { fixWords, reasonLines, wrapped } from './report.ts';

const labels = 26;
const values = 44;

const origins: Readonly<Record<Provenance['from'], string>> = {
  'machine-type': 'machine type',
  cpu: 'CPU',
  option: 'you asked for it',
  constraint: 'narrowed by you',
  platform: 'platform',
};

/** One item, on lines of its own: what, its value, and where it comes from. */
function item(label: string, value: string, provenance: Provenance | undefined): string[] {
  const why = provenance === undefined ? '' : `[${origins[provenance.from]}] ${provenance.detail}`;
  const start = `  ${label.padEnd(labels)}`;
  if (value.length <= values) return [`${start}${value.padEnd(values)} ${why}`.trimEnd()];
  const indent = ' '.repeat(labels + 2);
  return [...wrapped(value, indent, start), ...(why === '' ? [] : [indent + why])];
}

const offers = { dual: 'XICS and XIVE, the guest chooses', xics: 'XICS only', xive: 'XIVE only' } as const;
const mmus = { either: 'hash or radix, the guest chooses', radix: 'radix only', hash: 'hash only' } as const;

function guestLines(environment: Environment): string[] {
  const { provenance: from, cpu, interruptModes, smp, memory } = environment;
  const levels = environment.levels.map((view) => view.name).join(' ');
  const mebibytes = memory.size / 2 ** 20;
  return [
    ...item('machine type', environment.machineType, from.machineType),
    ...item('CPU', `${cpu.model}, PVR ${cpu.pvr}`, from.cpu),
    ...item('newest level', `${cpu.level}, logical PVR ${cpu.logicalPvr}`, from['cpu.level']),
    ...item('levels it may be in', levels, from.levels),
    ...item('PCR after a reset', cpu.pcr, from['cpu.pcr']),
    ...item(
      'CPUs',
      `${smp.cpus} of ${smp.maxCpus} (${smp.sockets} sockets, ${smp.cores} cores, ${smp.threads} threads)`,
      from.smp,
    ),
    ...item('virtual SMT mode', String(smp.vsmt), from['smp.vsmt']),
    ...item('memory', `${mebibytes} MiB`, from.memory),
    ...item('interrupt controllers', offers[interruptModes.offered], from.interruptModes),
    ...item('before the guest chooses', interruptModes.beforeCas.toUpperCase(), undefined),
    ...item('MMU', mmus[environment.mmuOffer], from.mmuOffer),
    ...item('AIL modes', environment.ailModes.join(', '), from.ailModes),
    ...item('hash table resizing', environment.resizeHpt, from.resizeHpt),
    ...item('timebase', `${environment.timebaseFrequency} Hz`, from.timebaseFrequency),
    ...item('characteristics', environment.characteristics.character, from.characteristics),
    ...item('behaviour', environment.characteristics.behaviour, undefined),
    ...item('function sets', environment.hypertasFunctions.join(' '), undefined),
    ...item('hypercalls', `${Object.keys(environment.hypercalls).length} (--json lists them)`, from.hypercalls),
    ...item('RTAS calls', `${Object.keys(environment.rtas).length} (--json lists them)`, from.rtas),
  ];
}

function capabilityLines(environment: Environment): string[] {
  const texts = capabilityTexts(environment);
  return capabilityRows.map((row) => {
    const option = `cap-${row.name}`;
    const why = environment.provenance[`capabilities.${row.name}`];
    const detail = why === undefined || why.detail === standardDefault ? '' : ` ${why.detail}`;
    const origin = why === undefined ? '' : `[${origins[why.from]}]${detail}`;
    const what = `${option.padEnd(labels)}${(texts[option] ?? '').padEnd(12)}${row.summary}`;
    return `  ${what.padEnd(labels + 12 + 52)} ${origin}`;
  });
}

const controllers = { kernel: 'by the host kernel', emulated: 'emulated', none: 'not offered' } as const;
const compats = {
  pcr: 'by the PCR',
  register: 'by KVM, written only when it changes',
  none: 'not at all: this KVM has no register for it',
  ignored: 'accepted by KVM, without effect',
} as const;

const answerers = {
  hv: 'answered as KVM HV does',
  pr: 'answered by KVM PR: no AIL mode but 0',
  'pr-advisory': 'answered by the machine: this KVM PR only takes note of an AIL mode',
} as const;

function hostSections(provision: Provision, host: HostProfile): string[][] {
  const { interruptController: chips } = provision;
  const engine = provision.accelerator === 'engine' ? 'the Continuo engine' : `KVM ${provision.kvmType?.toUpperCase()}`;
  const shows: string[] = [];
  const lines = [
    'The host contributes, and the guest cannot see',
    ...item('host', `${host.name} (${host.description})`, undefined),
    ...item('runs the guest with', engine, undefined),
    ...item('XICS', controllers[chips.xics], undefined),
    ...item('XIVE', controllers[chips.xive], undefined),
    ...item('sets CPU levels', compats[provision.compat], undefined),
  ];
  if (provision.setMode !== 'machine') shows.push(...item('H_SET_MODE', answerers[provision.setMode], undefined));
  if (provision.fscrLost !== '0x0') {
    // FSCR[SCV] is bit 51.
    const scv = (BigInt(provision.fscrLost) & 0x1000n) === 0n ? '' : ': scv cannot be turned on';
    shows.push(...item('FSCR bits that get lost', provision.fscrLost + scv, undefined));
  }
  if (!chips.xicsReturns) {
    lines.push(...item('after XIVE and a reset', 'XICS is emulated: the kernel cannot create it again', undefined));
  }
  if (provision.smtMode !== undefined) lines.push(...item('SMT mode to set', String(provision.smtMode), undefined));
  for (const deviation of provision.deviations)
    shows.push(...item(`deviation (${deviation.name})`, deviation.message, undefined));
  return shows.length === 0 ? [lines] : [lines, ['What of this host the guest can tell', ...shows]];
}

/** @returns the page of a decision. */
export function explainPage(decision: Decision, host: HostProfile): string {
  const { environment, reasons, provision, warnings } = decision;
  const sections: string[][] = [];
  if (provision === undefined) {
    sections.push([`Refused: this guest cannot be started on ${host.name} exactly as asked.`]);
    const count = reasons.length === 1 ? 'The reason' : `All ${reasons.length} reasons`;
    sections.push([count, ...reasonLines(reasons)]);
    const wayOut = decision.fix === undefined ? undefined : fixWords(decision.fix);
    sections.push([
      wayOut === undefined
        ? 'No change of the options was found that starts on this host.'
        : `To start (tried): ${wayOut}`,
    ]);
  } else sections.push([`Yes: ${host.name} gives this guest exactly what was asked for.`]);
  if (decision.possible) {
    const title = provision === undefined ? 'The guest would see, on a host that can' : 'The guest will see';
    const [seen, capabilities] = [guestLines(environment), capabilityLines(environment)];
    sections.push([title, ...seen], ['Capabilities', ...capabilities]);
  }
  if (provision !== undefined) sections.push(...hostSections(provision, host));
  // What the engine of this release cannot build yet changes no promise, but a start of it is refused by name.
  const limits = provision?.accelerator === 'engine' ? machineLimits(environment) : [];
  if (limits.length > 0) {
    const text = limits.flatMap(({ option, message }) => wrapped(`${option}: ${message}`, '      ', '  '));
    sections.push(['This release cannot run it yet', ...text]);
  }
  if (warnings.length > 0) sections.push(['Warnings', ...reasonLines(warnings)]);
  return printed(sections.flatMap((section, at) => (at === 0 ? section : ['', ...section])));
}
