// continuo check-migration: may a guest move from one host to another, with every reason?
import {
  changed,
  checkMigration,
  type GuestState,
  levels,
  type MigrationDecision,
  type Request,
  withHostCpu,
} from '../../environment/index.ts';
import { exitStatus } from '../../host/exit-status.ts';
import { machineOptionHelp, parseCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { chooseHost } from '../host-choice.ts';
import { type MachineOptions, parseMachineOptions, suggestion, type UsageProblem } from '../options/machine-options.ts';
import { printed, printedJson } from '../printable.ts';
import { hostError, reasonLines, usageError } from '../report.ts';
import { splitWords } from '../words.ts';

const stateWords: Readonly<Record<string, readonly string[]>> = {
  level: ['raw', ...levels.map((level) => level.name)],
  ail: ['0', '2', '3'],
  mmu: ['hash', 'radix'],
  irq: ['xics', 'xive'],
};

/** Reads `level=…,ail=…,mmu=…,irq=…`. */
function parseState(text: string, problems: UsageProblem[]): GuestState {
  const state: Record<string, string | number> = {};
  for (const part of text.split(',')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = at < 0 ? part : part.slice(0, at);
    const value = at < 0 ? '' : part.slice(at + 1).toLowerCase();
    const known = Object.hasOwn(stateWords, name) ? stateWords[name] : undefined;
    if (known === undefined) {
      const names = Object.keys(stateWords);
      const message = `there is no ${name.slice(0, 40)}${suggestion(name, names)}; known are ${names.join(', ')}`;
      problems.push({ option: '--state', message });
    } else if (!known.includes(value)) {
      const message = `${name}=${value.slice(0, 40)} is none of ${known.join(', ')}${suggestion(value, known)}`;
      problems.push({ option: '--state', message });
    } else state[name] = name === 'ail' ? Number(value) : value;
  }
  // Each member has been checked against the words of its kind.
  return state as GuestState;
}

/** The destination's options: those of the source, then its own; an empty value takes one back. */
function overlay(request: Request, own: MachineOptions): Request {
  return changed(
    { ...request, ...own.request },
    own.cleared.map((option) => ({ option, value: undefined })),
  );
}

function page(decision: MigrationDecision, from: string, to: string): string {
  const lines = [
    decision.verdict === 'possible'
      ? `Yes: the guest can move from ${from} to ${to}.`
      : `Refused: the guest cannot move from ${from} to ${to}.`,
    ...reasonLines(decision.reasons),
  ];
  if (decision.warnings.length > 0) lines.push('Warnings', ...reasonLines(decision.warnings));
  return printed(lines);
}

/** The command `check-migration`. */
export const checkMigrationCommand: Command = {
  name: 'check-migration',
  summary: 'say whether a guest may move from one host to another',
  usage: `Usage: continuo check-migration --from HOST --to HOST [machine options] [--to-options "OPTIONS"]
                                 [--state level=L,ail=N,mmu=hash|radix,irq=xics|xive] [--json]

Says whether a guest with these options may move, with every reason. HOST is a profile by name or file.

  --to-options "…"   options that differ at the destination; "-machine ic-mode=" takes one back
  --state …          what the running guest has negotiated: its level (raw or a name), AIL mode, MMU, and
                     interrupt controller; what is left out is not looked at
  --json             the decision as JSON (docs/schema/migration.schema.json)

${machineOptionHelp}

Exit status: ${exitStatus.ok} possible, ${exitStatus.refused} refused, ${exitStatus.usage} wrong command line, ${exitStatus.badInput} bad profile file.
`,
  async run(args, io) {
    const line = parseCommandLine(args, { values: ['from', 'to', 'to-options', 'state'], flags: ['json'] });
    if (line.flags.has('help')) {
      io.out(this.usage);
      return exitStatus.ok;
    }
    const problems: UsageProblem[] = [...line.problems];
    for (const name of ['from', 'to']) {
      if (line.values[name] === undefined) problems.push({ option: `--${name}`, message: 'must name a host' });
    }
    const state = parseState(line.values.state ?? '', problems);
    const words = splitWords(line.values['to-options'] ?? '');
    const own = parseMachineOptions(words);
    for (const { option, message } of own.problems) problems.push({ option: `--to-options: ${option}`, message });
    for (const word of own.rest) {
      problems.push({ option: '--to-options', message: `${word.slice(0, 60)} is no machine option` });
    }
    if (problems.length > 0) return usageError(io, this.name, problems);
    const [from, to] = [chooseHost(line.values.from ?? ''), chooseHost(line.values.to ?? '')];
    if ('problems' in from) return hostError(io, this.name, from);
    if ('problems' in to) return hostError(io, this.name, to);
    // The guest's CPU is that of the host where it was started, wherever it goes.
    const request = withHostCpu(line.request, from);
    const toRequest = withHostCpu(overlay(request, own), to);
    const decision = checkMigration({ request, host: from }, { request: toRequest, host: to }, state);
    if (line.flags.has('json')) io.out(printedJson(decision));
    else io.out(page(decision, from.name, to.name));
    return decision.verdict === 'possible' ? exitStatus.ok : exitStatus.refused;
  },
};
