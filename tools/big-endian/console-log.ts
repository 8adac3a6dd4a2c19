// What two boots of the big-endian guest must have in common: every line of the console from the kernel's first on, but for those that
// are known to differ, each with its reason.
import { comparableLines, missingLines } from '../../test/e2e/kernel-log.ts';

/** Parts of lines that are measurements. */
const measured: readonly (readonly [RegExp, string])[] = [
  // The kernel also shows its name through the platform's operator panel, without an end of the line.
  [/^#1 SMP \d{4}-\d{2}-\d(?=\[)/, ''],
  [/^\[ *[\d.]+\] /, ''],
  [/^(checks-\w+)\[\d+\]/, '$1[number]'],
  [/^( *\w+:)(?: +\d+)+(?= |$)/, '$1 counts'],
  // What is reserved holds the flattened tree, which has a few nodes more with SLOF.
  [/^Memory: \d+K(.*), \d+K reserved/, 'Memory: some$1, some reserved'],
  [/^(dispatches|dispatch_dispersions|purr|tbr)=\d+$/, '$1'],
];

/** Lines that differ between QEMU 7.2 and Continuo, and why. */
export const knownDifferences: readonly { readonly line: RegExp; readonly reason: string }[] = [
  {
    line: /^fact \S+ stqcx\. succeeds 0x[01]$/,
    reason: 'QEMU 7.2: stqcx. never finds the reservation of lqarx in single-threaded mode',
  },
  {
    line: /^(Relocation on exceptions not supported|Unable to enable relocation on exceptions: -256)$/,
    reason: 'POWER7: QEMU 7.2 answers H_P2 to H_SET_MODE of AIL, later releases answer as here',
  },
  {
    line: /^revision\t: 2\.0 \(pvr 0080 [01]200\)$/,
    reason: 'POWER10: QEMU 7.2 has the PVR of a single-chip module, later releases have ours',
  },
];

/** The lines of a console that can be compared, sorted. */
export function comparableConsole(output: string): string[] {
  const lines = output.replaceAll('\r', '').split('\n');
  // What the boot loader of the kernel says has addresses of the firmware.
  const first = lines.findIndex((line) => /^\[ *\d+\.\d+\]/.test(line));
  const cleaned = lines.slice(Math.max(first, 0)).map((line) => {
    let text = line;
    for (const [pattern, replacement] of measured) text = text.replace(pattern, replacement);
    return text;
  });
  return comparableLines(cleaned.join('\n')).filter((line) => !knownDifferences.some((known) => known.line.test(line)));
}

/** What is wrong with a boot by itself: no end, a failed check, a kernel that complains. Empty: nothing. */
export function complaints(output: string): string[] {
  const lines = output.replaceAll('\r', '').split('\n');
  const wrong = lines.filter((line) =>
    /^FAIL |SOMETHING FAILED|Oops|BUG:|Kernel panic|WARNING: CPU|Call Trace/.test(line),
  );
  if (!lines.some((line) => line === 'continuo-init: all is well')) wrong.push('(the guest did not reach its end)');
  if (!lines.some((line) => line.startsWith('ok '))) wrong.push('(no check has run)');
  return wrong;
}

/** Lines that only one of two boots has. */
export function consoleDifferences(ours: string, theirs: string): string[] {
  const [have, want] = [comparableConsole(ours), comparableConsole(theirs)];
  return [
    ...missingLines(want, have).map((line) => `QEMU      ${line}`),
    ...missingLines(have, want).map((line) => `Continuo  ${line}`),
  ];
}
