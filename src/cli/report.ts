// The one readable block that every refusal and every wrong command line is told in.
import type { Decision, Reason } from '../environment/index.ts';
import { exitStatus } from '../host/exit-status.ts';
import type { CommandIo } from './command.ts';
import type { HostProblem } from './host-choice.ts';
import type { UsageProblem } from './options/machine-options.ts';
import { printed } from './printable.ts';

/** Width of a page of text. */
const width = 100;

/** @returns the lines that text is broken into, each with an indent. */
export function wrapped(text: string, indent: string, firstIndent = indent): string[] {
  const lines: string[] = [];
  let line = firstIndent;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/** @returns the lines of reasons or warnings, with the ways out. */
export function reasonLines(reasons: readonly Reason[]): string[] {
  const lines: string[] = [];
  for (const reason of reasons) {
    lines.push(`  ${reason.code}  (${reason.option})`, ...wrapped(reason.message, '      '));
    if (reason.fix !== undefined) lines.push(`      way out: ${fixWords(reason.fix)}`);
  }
  return lines;
}

/** @returns a way out for a person: an option with an empty value is one to leave out. */
export function fixWords(fix: string): string {
  return fix.replace(/(^|[, ])([a-z][\w-]*)=(?=$|[, ])/g, '$1$2= (leave it out)');
}

/** @returns the block of a refused start. */
export function refusalBlock(decision: Decision, host: string): string {
  const lines = [`Refused: ${decision.environment.machineType} cannot be started on ${host} exactly as asked.`];
  lines.push(...reasonLines(decision.reasons));
  if (decision.fix !== undefined) lines.push(`  To start (tried): ${fixWords(decision.fix)}`);
  return printed(lines);
}

/** Writes what is wrong with a command line. @returns the exit status. */
export function usageError(io: CommandIo, command: string, problems: readonly UsageProblem[]): number {
  const lines = [`continuo ${command}: the command line is wrong`];
  for (const { option, message } of problems.slice(0, 20))
    lines.push(...wrapped(`${option}: ${message}`, '      ', '  '));
  if (problems.length > 20) lines.push(`  and ${problems.length - 20} more`);
  lines.push(`  "continuo ${command} --help" shows the options`);
  io.err(printed(lines));
  return exitStatus.usage;
}

/** Writes what is wrong with a host profile. @returns the exit status. */
export function hostError(io: CommandIo, command: string, { problems, badFile }: HostProblem): number {
  const [first, ...rest] = problems;
  io.err(printed([`continuo ${command}: ${first}`, ...rest.map((problem) => `  ${problem}`)]));
  return badFile ? exitStatus.badInput : exitStatus.usage;
}
