// The program `continuo-system-ppc64`: QEMU's options with QEMU's meaning.
import { exitStatus } from '../host/exit-status.ts';
import { hostTime } from './host-time.ts';
import { listFor } from './list-help.ts';
import { optionsHelp, statusHelp } from './options/help-text.ts';
import { parseOptions } from './options/parse-options.ts';
import { planSystem } from './plan-system.ts';
import { printed } from './printable.ts';
import { runProgram } from './run-program.ts';
import { startPlannedMachine } from './start-machine.ts';
import { programVersion } from './version.ts';

const program = 'continuo-system-ppc64';

function help(): string {
  return `Usage: ${program} [options]

Takes the options of qemu-system-ppc64 with their meaning there.

${optionsHelp('system')}

Exit status:
${statusHelp()}
`;
}

async function work(words: readonly string[]): Promise<number> {
  const list = listFor(words, 'system');
  if (list !== undefined) {
    process.stdout.write(list);
    return exitStatus.ok;
  }
  const options = parseOptions(words, 'system');
  if (options.has('help') || options.has('version')) {
    process.stdout.write(
      options.has('help') ? help() : `Continuo emulator version ${programVersion()} (options of QEMU 7.2)\n`,
    );
    return exitStatus.ok;
  }
  return startPlannedMachine(
    planSystem(options, hostTime()),
    (line) => void process.stderr.write(printed([`${program}: ${line}`])),
  );
}

/** Runs the program with the words after its name; sets the exit status of the process. */
export function main(words: readonly string[]): Promise<void> {
  return runProgram(program, () => work(words));
}
