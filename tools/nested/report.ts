// What the guest hypervisor's console says: a line `NESTED name verdict detail` for each check, and what its kernel complains of.

/** How a check ended. `missing`: it said nothing. */
export type Verdict = 'ok' | 'skip' | 'FAIL' | 'missing';

/** One check in one boot. */
export interface CheckResult {
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found out or what is wrong. */
  readonly detail: string;
}

/** A boot's results. */
export interface NestedReport {
  readonly checks: readonly CheckResult[];
  /** What is wrong with the boot besides its checks. */
  readonly complaints: readonly string[];
}

/** A verdict other than `ok` that is right on some machine. */
export interface Exception {
  readonly check: string;
  readonly verdict: 'skip' | 'missing';
  readonly reason: string;
}

const complaint = /Oops|BUG:|Kernel panic|WARNING: CPU|Call Trace|KVM trap|soft lockup|rcu: INFO|trap=0x/;

/**
 * Reads a console.
 * @param console everything that the guest printed
 * @param names the checks that were asked for
 */
export function readNestedReport(console: string, names: readonly string[]): NestedReport {
  // What the guest's guest prints is judged by the check that boots it.
  const lines = console
    .replaceAll('\r', '')
    .split('\n')
    .filter((line) => !line.startsWith('L2| '));
  const said = new Map<string, CheckResult>();
  for (const line of lines) {
    const [, name = '', verdict = '', detail = ''] = /NESTED (\S+) (ok|skip|FAIL)(?: (.*))?$/.exec(line) ?? [];
    if (verdict === 'ok' || verdict === 'skip' || verdict === 'FAIL')
      said.set(name, { name, verdict, detail: detail.trim() });
  }
  const checks = names.map((name) => said.get(name) ?? { name, verdict: 'missing' as const, detail: '' });
  const unasked = [...said.values()].filter(({ name, verdict }) => !names.includes(name) && verdict === 'FAIL');
  const complaints = lines.filter((line) => complaint.test(line));
  complaints.push(...unasked.map(({ name, detail }) => `${name}: ${detail}`));
  if (!lines.some((line) => line.endsWith('NESTED end'))) complaints.push('the program did not reach its end');
  return { checks, complaints };
}

/** The checks whose verdict is neither `ok` nor the one that the exceptions name. */
export function wrongChecks(report: NestedReport, exceptions: readonly Exception[]): CheckResult[] {
  return report.checks.filter(({ name, verdict }) => {
    const exception = exceptions.find(({ check }) => check === name);
    return verdict !== (exception?.verdict ?? 'ok');
  });
}

/** Checks that two boots, both without a mistake, do not describe alike. */
export function differingDetails(ours: NestedReport, theirs: NestedReport): string[] {
  return ours.checks.flatMap(({ name, verdict, detail }) => {
    const other = theirs.checks.find((check) => check.name === name);
    if (verdict !== 'ok' || other?.verdict !== 'ok' || other.detail === detail) return [];
    return [`${name}: here "${detail}", on QEMU "${other.detail}"`];
  });
}
