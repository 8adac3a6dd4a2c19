// continuo fleet: on which hosts of a fleet does a guest start, and which single change lets in the most?
import {
  type Change,
  changed,
  type Decision,
  decide,
  evaluate,
  type HostProfile,
  namedProfiles,
  type Request,
  withHostCpu,
} from '../../environment/index.ts';
import { exitStatus } from '../../host/exit-status.ts';
import { machineOptionHelp, parseCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { chooseHosts } from '../host-choice.ts';
import { printed, printedJson } from '../printable.ts';
import { fixWords, hostError, usageError } from '../report.ts';

interface Best {
  readonly change: Change;
  readonly hosts: readonly string[];
}

function startsOn(request: Request, host: HostProfile): boolean {
  return evaluate(withHostCpu(request, host), host).verdict === 'provided';
}

/** The single change, out of all that a way out of any host uses, with which the most hosts start. */
function bestChange(request: Request, hosts: readonly HostProfile[], decisions: readonly Decision[]): Best | undefined {
  const started = decisions.filter((decision) => decision.verdict === 'provided').length;
  const tried = new Set<string>();
  let best: Best | undefined;
  for (const change of decisions.flatMap((decision) => decision.changes ?? [])) {
    const key = `${change.option}=${change.value ?? ''}`;
    if (tried.has(key)) continue;
    tried.add(key);
    const names = hosts.filter((host) => startsOn(changed(request, [change]), host)).map((host) => host.name);
    if (names.length > (best?.hosts.length ?? started)) best = { change, hosts: names };
  }
  return best;
}

function text(change: Change): string {
  return `${change.option}=${change.value ?? ''}`;
}

/** The command `fleet`. */
export const fleetCommand: Command = {
  name: 'fleet',
  summary: 'say on which hosts of a fleet a guest starts, and which change lets in the most',
  usage: `Usage: continuo fleet [HOST|FILE|FOLDER…] [machine options] [--json]

Lists for each host whether a guest of these options starts there, and finds the single change of one option
with which the most of them start it. Without hosts, all named profiles are taken. A guest that starts on two
hosts with the same options can move between them.

${machineOptionHelp}

Exit status: ${exitStatus.ok} it starts on all hosts, ${exitStatus.refused} on some it does not, ${exitStatus.usage} wrong command line, ${exitStatus.badInput} bad profile file.
`,
  async run(args, io) {
    const line = parseCommandLine(args, { values: [], flags: ['json'], words: 10_000 });
    if (line.flags.has('help')) {
      io.out(this.usage);
      return exitStatus.ok;
    }
    if (line.problems.length > 0) return usageError(io, this.name, line.problems);
    const hosts = line.words.length === 0 ? namedProfiles : chooseHosts(line.words);
    if ('problems' in hosts) return hostError(io, this.name, hosts);
    const decisions = hosts.map((host) => decide(withHostCpu(line.request, host), host));
    const best = bestChange(line.request, hosts, decisions);
    const started = decisions.filter((decision) => decision.verdict === 'provided').length;
    if (line.flags.has('json')) {
      const json = {
        hosts: hosts.map((host, at) => ({
          host: host.name,
          verdict: decisions[at]?.verdict,
          reasons: decisions[at]?.reasons,
          ...(decisions[at]?.fix === undefined ? {} : { fix: decisions[at]?.fix }),
        })),
        started,
        ...(best === undefined ? {} : { bestChange: { change: text(best.change), hosts: best.hosts } }),
      };
      io.out(printedJson(json));
    } else {
      const width = Math.max(...hosts.map((host) => host.name.length));
      const rows = hosts.map((host, at) => {
        const decision = decisions[at];
        if (decision?.verdict === 'provided') return `  ${host.name.padEnd(width)}  starts`;
        const codes = decision?.reasons.map((reason) => reason.code).join(' ') ?? '';
        const fix = decision?.fix === undefined ? '' : `; starts with ${fixWords(decision.fix)}`;
        return `  ${host.name.padEnd(width)}  ${codes}${fix}`;
      });
      rows.unshift(`Starts on ${started} of ${hosts.length} hosts.`);
      if (best !== undefined) {
        rows.push(
          `The change that lets in the most: ${fixWords(text(best.change))}, then ${best.hosts.length} of ${hosts.length}.`,
        );
      } else if (started < hosts.length) rows.push('No single change lets in more.');
      io.out(printed(rows));
    }
    return started === hosts.length ? exitStatus.ok : exitStatus.refused;
  },
};
