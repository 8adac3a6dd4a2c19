// The program `continuo`: finds the command and runs it.
import { nearest } from '../environment/index.ts';
import { exitStatus } from '../host/exit-status.ts';
import type { Command, CommandIo } from './command.ts';
import { usageError } from './options/usage-error.ts';
import { runProgram } from './run-program.ts';
import { programVersion } from './version.ts';

/** Each command is loaded when it is used: `continuo explain` needs no engine, `continuo run` no tables of hosts. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).runCommand,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  'check-migration': async () => (await import('./commands/check-migration.ts')).checkMigrationCommand,
  matrix: async () => (await import('./commands/matrix.ts')).matrixCommand,
  fleet: async () => (await import('./commands/fleet.ts')).fleetCommand,
  hosts: async () => (await import('./commands/hosts.ts')).hostsCommand,
  guest: async () => (await import('./commands/guest.ts')).guestCommand,
};

async function overview(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const lines = all.map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`);
  return `Continuo ${programVersion()}: a pseries virtual machine for unmodified Power guests.

Usage: continuo COMMAND [options]

Commands:
${lines.join('\n')}

\`continuo COMMAND --help\` shows a command's options. \`continuo-system-ppc64\` takes QEMU's.
`;
}

function processIo(): CommandIo {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    colour: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  };
}

async function dispatch(words: readonly string[]): Promise<number> {
  const io = processIo();
  const [name, ...args] = words;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    io.out(await overview());
    return exitStatus.ok;
  }
  if (name === '--version' || name === 'version') {
    io.out(`continuo ${programVersion()}\n`);
    return exitStatus.ok;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    const guess = nearest(name, Object.keys(commands));
    throw usageError(
      `unknown command ${name.slice(0, 60)}: ${guess === undefined ? '--help lists the commands' : `did you mean ${guess}?`}`,
    );
  }
  const command = await load();
  if (args.includes('--help') || args.includes('-h')) {
    io.out(command.usage);
    return exitStatus.ok;
  }
  return command.run(args, io);
}

/** Runs the program with the words after its name; sets the exit status of the process. */
export function main(words: readonly string[]): Promise<void> {
  return runProgram('continuo', () => dispatch(words));
}
