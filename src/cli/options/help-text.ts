// Help and the reference page docs/cli.md, made from the option table.

import { escapeKeys } from '../../host/escape-keys.ts';
import { exitStatusMeanings } from '../../host/exit-status.ts';
import { logItems } from '../../machine/machine-api.ts';
import { namesOf, type OptionRow, optionGroups, optionRows, type Program } from './option-table.ts';

const groups = Object.entries(optionGroups) as readonly [OptionRow['group'], string][];

function rowsOf(program: Program, group: string): OptionRow[] {
  return optionRows.filter((row) => row.group === group && row.planned !== true && namesOf(row, program).length > 0);
}

function synopsis(row: OptionRow, program: Program): string {
  const names = namesOf(row, program).join(', ');
  return row.argument === undefined ? names : `${names} ${row.argument}`;
}

/** The list of options for a terminal of 80 columns or more. */
export function optionsHelp(program: Program): string {
  return groups
    .filter(([group]) => rowsOf(program, group).length > 0)
    .map(([group, title]) => {
      const lines = rowsOf(program, group).map((row) => `  ${synopsis(row, program)}\n        ${row.summary}`);
      return `${title}:\n${lines.join('\n')}`;
    })
    .join('\n');
}

/** The exit statuses, one a line. */
export function statusHelp(): string {
  return exitStatusMeanings.map(({ status, meaning }) => `  ${status.padEnd(8)} ${meaning}`).join('\n');
}

/** The items of --log and -d, one a line. */
export function logHelp(): string {
  return `${logItems.map(({ name, summary }) => `${name.padEnd(14)} ${summary}`).join('\n')}\n`;
}

function markdownTable(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(head), `|${head.map(() => ' --- |').join('')}`, ...lines.map(row)].join('\n');
}

function optionsMarkdown(program: Program): string {
  return groups
    .filter(([group]) => rowsOf(program, group).length > 0)
    .map(([group, title]) => {
      const lines = rowsOf(program, group).map((row) => [`\`${synopsis(row, program)}\``, row.summary]);
      return `### ${title}\n\n${markdownTable(['option', 'meaning'], lines)}`;
    })
    .join('\n\n');
}

/** The whole of docs/cli.md. */
export function cliReference(): string {
  const planned = optionRows
    .filter((row) => row.planned === true)
    .map((row) => `\`${namesOf(row, 'system').join(', ')}\``);
  const keys = escapeKeys.map(({ key, summary }) => [
    `Ctrl-A ${key === '\x01' ? 'Ctrl-A' : key.toUpperCase()}`,
    summary,
  ]);
  return `<!-- Made from src/cli/options/option-table.ts by \`npm run docs\`; a test compares. -->
# Command line

## \`continuo run [options]\`

Boots a machine and attaches the terminal. Without \`--kernel\`, \`--bios\` or \`--dtb\` it boots the default guest: Debian's
ppc64el kernel and busybox.

${optionsMarkdown('run')}

## \`continuo-system-ppc64 [options]\`

Takes the options of \`qemu-system-ppc64\` with their meaning there.

${optionsMarkdown('system')}

Known, but not built yet, and therefore refused by name: ${planned.join(', ')}.

## Log items

${markdownTable(
  ['item', 'what is logged'],
  logItems.map(({ name, summary }) => [`\`${name}\``, summary]),
)}

## Keys

${markdownTable(['key', 'meaning'], keys)}

## Exit status

${markdownTable(
  ['status', 'meaning'],
  exitStatusMeanings.map(({ status, meaning }) => [status, meaning]),
)}
`;
}
