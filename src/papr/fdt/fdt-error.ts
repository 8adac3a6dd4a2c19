// What is wrong with a flattened device tree. (Devicetree Specification 0.4, chapter 5)

/** Names of what can be wrong, for exit texts and tests. */
export type FdtProblem =
  | 'too-short'
  | 'bad-magic'
  | 'bad-version'
  | 'bad-offset'
  | 'bad-structure'
  | 'bad-name'
  | 'duplicate'
  | 'too-deep';

/** A file or guest buffer that was to be a flattened device tree and is not one. */
export class FdtError extends Error {
  override readonly name = 'FdtError';
  readonly problem: FdtProblem;

  /** @param detail what was found and what was expected, as one line */
  constructor(problem: FdtProblem, detail: string) {
    super(`not a usable flattened device tree: ${detail}`);
    this.problem = problem;
  }
}
