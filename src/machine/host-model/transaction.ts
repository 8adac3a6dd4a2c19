// Several steps of which all are done or none. (guest environment, section 6.4: activation is a transaction)

/** One step: it can fail, and what it has done can be taken back. */
export interface Step {
  /** For messages, such as `connect vCPU 3`. */
  readonly name: string;
  /** Does it, or returns why not; a step that fails has changed nothing. */
  readonly perform: () => string | undefined;
  /** Takes it back; it cannot fail. */
  readonly undo: () => void;
}

/** Performs steps in order; where one fails, those before it are undone in reverse order. @returns what failed */
export function transact(steps: readonly Step[]): string | undefined {
  const done: Step[] = [];
  for (const step of steps) {
    const problem = step.perform();
    if (problem === undefined) {
      done.push(step);
      continue;
    }
    for (const earlier of done.reverse()) earlier.undo();
    return `${step.name}: ${problem}`;
  }
  return undefined;
}
