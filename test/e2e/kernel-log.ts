// Comparing kernel logs: what may differ between two runs of one kernel, and why (docs/kernel-log.md).

/** Lines that may differ between Continuo and QEMU, and between two runs of either. docs/kernel-log.md has each. */
export const logDifferences: readonly { readonly line: RegExp; readonly reason: string }[] = [
  { line: /^Hardware name: /, reason: 'revision of the CPU; Open Firmware is built in, no SLOF runs' },
  { line: /^Kernel command line: /, reason: 'as given' },
  { line: /^Found initrd at /, reason: 'as given' },
  { line: /^node 0 deferred pages initialised in /, reason: 'a measured time' },
  { line: /^audit: type=2000 /, reason: 'the clock' },
  { line: /^rtc-generic rtc-generic: setting system clock to /, reason: 'the clock' },
  { line: /^hrtimer: interrupt took /, reason: 'the host was busy' },
];

/**
 * @param log as `dmesg` prints it
 * @returns its lines without time stamps and without those that may differ, sorted: threads of the kernel report when they
 * come to it, so that the order is no difference
 */
export function comparableLines(log: string): string[] {
  return log
    .split('\n')
    .map((line) => line.replace(/^\[ *[\d.]+\] /, '').trimEnd())
    .filter((line) => line !== '' && !logDifferences.some(({ line: pattern }) => pattern.test(line)))
    .sort();
}

/** @returns the lines of `a` that `b` has not; one that occurs more often counts as often as it is missing */
export function missingLines(a: readonly string[], b: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of b) counts.set(line, (counts.get(line) ?? 0) + 1);
  return a.filter((line) => {
    const left = counts.get(line) ?? 0;
    counts.set(line, left - 1);
    return left <= 0;
  });
}
