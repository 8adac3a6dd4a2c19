// continuo hosts: lists the host profiles, shows one, or writes that of this machine.
import { writeFileSync } from 'node:fs';
import { type HostProfile, namedProfiles } from '../../environment/index.ts';
import { exitStatus } from '../../host/exit-status.ts';
import { parseCommandLine } from '../arguments.ts';
import type { Command, CommandIo } from '../command.ts';
import { chooseHost } from '../host-choice.ts';
import { printed, printedJson } from '../printable.ts';
import { hostError, usageError } from '../report.ts';

async function probe(io: CommandIo, file: string | undefined): Promise<number> {
  // Only this command looks at the machine it runs on.
  const { probeHost } = await import('../../host/kvm-probe.ts');
  const { profile, notes } = await probeHost();
  io.err(printed(notes.map((note) => `continuo hosts probe: ${note}`)));
  const text = printedJson(profile);
  if (file === undefined) io.out(text);
  else {
    try {
      writeFileSync(file, text);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'error';
      return hostError(io, 'hosts', { problems: [`${file}: cannot be written (${code})`], badFile: true });
    }
  }
  return exitStatus.ok;
}

function listLine(profile: HostProfile, width: number): string {
  return `  ${profile.name.padEnd(width)}  ${profile.description}`;
}

/** The command `hosts`. */
export const hostsCommand: Command = {
  name: 'hosts',
  summary: 'list the host profiles, show one, or write that of this machine',
  usage: `Usage: continuo hosts [NAME|FILE] [--json]
       continuo hosts probe [--out FILE]

Without a name, lists the named profiles; with one, shows it as the JSON that a profile of your own would be
(docs/schema/host-profile.schema.json). "probe" writes the profile of the machine that it runs on: our engine
anywhere; on Power Linux with /dev/kvm, what KVM answers there.
`,
  async run(args, io) {
    const line = parseCommandLine(args, { values: ['out'], flags: ['json'], words: 1 });
    if (line.flags.has('help')) {
      io.out(this.usage);
      return exitStatus.ok;
    }
    const word = line.words[0];
    const problems = [...line.problems];
    for (const option of Object.keys(line.request)) problems.push({ option, message: 'is not expected here' });
    if (line.values.out !== undefined && word !== 'probe') {
      problems.push({ option: '--out', message: 'belongs to "hosts probe"' });
    }
    if (problems.length > 0) return usageError(io, this.name, problems);
    if (word === 'probe') return probe(io, line.values.out);
    if (word !== undefined) {
      const host = chooseHost(word);
      if ('problems' in host) return hostError(io, this.name, host);
      io.out(printedJson(host));
    } else if (line.flags.has('json')) {
      io.out(printedJson(namedProfiles));
    } else {
      const width = Math.max(...namedProfiles.map((profile) => profile.name.length));
      io.out(printed(['Host profiles', ...namedProfiles.map((profile) => listLine(profile, width))]));
    }
    return exitStatus.ok;
  },
};
