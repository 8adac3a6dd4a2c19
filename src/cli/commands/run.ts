// `continuo run`: boots a machine, the default guest when no other is given, and attaches the terminal.
import { exitStatus } from '../../host/exit-status.ts';
import type { Command, CommandIo } from '../command.ts';
import { hostTime } from '../host-time.ts';
import { listFor } from '../list-help.ts';
import { optionsHelp, statusHelp } from '../options/help-text.ts';
import { parseOptions } from '../options/parse-options.ts';
import { planRun } from '../plan-run.ts';
import { printed } from '../printable.ts';
import { startPlannedMachine } from '../start-machine.ts';
import { programVersion } from '../version.ts';

const usage = `Usage: continuo run [options]

Boots a pseries machine and attaches the terminal. Without --kernel it boots the default guest:
Debian's kernel for ppc64el and busybox, fetched once and kept. Ctrl-A X ends, Ctrl-A H helps.

${optionsHelp('run')}

Exit status:
${statusHelp()}

Examples:
  continuo run
  continuo run --exec 'uname -a; exit 7'
  continuo run --memory 2G --cpus 2 --kernel vmlinux --initrd initrd.img --append console=hvc0
`;

/** The command. */
export const runCommand: Command = {
  name: 'run',
  summary: 'boot a machine and attach the terminal',
  usage,
  async run(args: readonly string[], io: CommandIo): Promise<number> {
    const list = listFor(args, 'run');
    if (list !== undefined) {
      io.out(list);
      return exitStatus.ok;
    }
    const options = parseOptions(args, 'run');
    if (options.has('help') || options.has('version')) {
      io.out(options.has('help') ? usage : `continuo ${programVersion()}\n`);
      return exitStatus.ok;
    }
    return startPlannedMachine(planRun(options, hostTime()), (line) => io.err(printed([`continuo: ${line}`])));
  },
};
