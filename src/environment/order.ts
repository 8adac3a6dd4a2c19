// The order in which reasons are reported: that of the start checks, capabilities by index (section 10.5).
import { capabilityRows } from './capabilities.ts';
import { codeRow, type Reason } from './reasons.ts';

/** @returns what tells two reasons apart: the same code for the same option is one reason, however often it is found. */
export function reasonKey(reason: Reason): string {
  return `${reason.code} ${reason.option}`;
}

function capabilityIndex(reason: Reason): number {
  return capabilityRows.findIndex((row) => reason.option === `cap-${row.name}`);
}

/** @returns the reasons in the reported order, each once; reasons of one place keep the order in which they were found. */
export function inOrder(reasons: readonly Reason[]): Reason[] {
  const seen = new Set<string>();
  const once = reasons.filter((reason) => {
    const key = reasonKey(reason);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return once.sort((a, b) => codeRow(a.code).phase - codeRow(b.code).phase || capabilityIndex(a) - capabilityIndex(b));
}
