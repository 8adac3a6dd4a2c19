// continuo explain: what would a guest see, why, and can this host give it?
import { decide, type HostProfile, withHostCpu } from '../../environment/index.ts';
import { exitStatus } from '../../host/exit-status.ts';
import { machineOptionHelp, parseCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { explainPage } from '../explain-page.ts';
import { chooseHost } from '../host-choice.ts';
import { decisionJson } from '../json.ts';
import type { UsageProblem } from '../options/machine-options.ts';
import { printedJson } from '../printable.ts';
import { hostError, usageError } from '../report.ts';

/** An accelerator that was asked for and that the host is not: -accel says what runs the guest, --host where. */
function acceleratorProblem(accelerators: readonly string[], host: HostProfile): UsageProblem | undefined {
  const own = host.accelerator === 'kvm' ? 'kvm' : 'tcg';
  if (accelerators.length === 0 || accelerators.includes(own)) return undefined;
  const way = own === 'kvm' ? 'leave --host out to ask about our own engine' : 'name a KVM host with --host';
  return {
    option: '-accel',
    message: `${accelerators.join(':')}, but host ${host.name} runs guests with ${own}; ${way}`,
  };
}

/** The command `explain`. */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'say what a guest would see and why, and whether a host can give it',
  usage: `Usage: continuo explain [machine options] [--host NAME|FILE] [--json]

Says what a guest of these options sees, each item with where it comes from, what the host does for it, and
for a refusal every reason with the smallest change that starts. Nothing is started.

  --host NAME|FILE   a host profile by name ("continuo hosts" lists them) or from a file; else our own engine
  --json             the decision as JSON (docs/schema/decision.schema.json)

${machineOptionHelp}

Exit status: ${exitStatus.ok} provided, ${exitStatus.refused} refused, ${exitStatus.usage} wrong command line, ${exitStatus.badInput} bad profile file.
`,
  async run(args, io) {
    const line = parseCommandLine(args, { values: ['host'], flags: ['json'] });
    if (line.flags.has('help')) {
      io.out(this.usage);
      return exitStatus.ok;
    }
    if (line.problems.length > 0) return usageError(io, this.name, line.problems);
    const host = chooseHost(line.values.host ?? 'engine');
    if ('problems' in host) return hostError(io, this.name, host);
    const wrongAccelerator = acceleratorProblem(line.accelerators, host);
    if (wrongAccelerator !== undefined) return usageError(io, this.name, [wrongAccelerator]);
    const decision = decide(withHostCpu(line.request, host), host);
    if (line.flags.has('json')) io.out(printedJson(decisionJson(decision)));
    else io.out(explainPage(decision, host));
    return decision.verdict === 'provided' ? exitStatus.ok : exitStatus.refused;
  },
};
