// Random operations on a data plane and a model of it, compared now and then.

/** What does the operations and compares. */
export interface RandomRunner {
  step(): void;
  checkAll(): void;
  /** What is done behind a comparison after operation n, before operation n + 1. */
  checked?(n: number): void;
}

/** Which operations, and how often both are compared as a whole. */
export interface RandomRun {
  readonly seed: number;
  readonly operations: number;
  readonly checkEvery: number;
}

/** Does random operations; throws with the seed and the operation's number where the data plane and the model differ. */
export function runRandom(runner: RandomRunner, { seed, operations, checkEvery }: RandomRun): void {
  for (let n = 0; n < operations; n++) {
    try {
      runner.step();
      if (n % checkEvery !== checkEvery - 1) continue;
      runner.checkAll();
      runner.checked?.(n);
    } catch (error) {
      throw new Error(`seed ${seed}, operation ${n}: ${(error as Error).message}`, { cause: error }); // assert throws Errors
    }
  }
  runner.checkAll();
}
