// How eager the translator is, and its bounds.

/** How eager the translator is, and its bounds. */
export interface TranslatorTuning {
  /** Times that a place must be found hot. */
  readonly threshold: number;
  /** Slices that a place waits at most. */
  readonly longestWait: number;
  /** Regions in one module. */
  readonly batch: number;
  /** Times that control may be found where a translation is waited for before the batch is translated unfilled. */
  readonly patience: number;
  /** Most guest instructions in a region, and in one that regions were joined into. */
  readonly regionLimit: number;
  readonly joinedLimit: number;
  /** Instructions that must have led from other code to the starts of a region before it is joined with those around it. */
  readonly joinThreshold: number;
  /** Leave out code that was not executed yet. */
  readonly onlyExecuted: boolean;
  /** Regions that may be installed; all are dropped when there would be more. */
  readonly maximumRegions: number;
  /** Modules that may be held; all regions are dropped when there would be more. */
  readonly maximumModules: number;
  readonly exactBudget: boolean;
  /** Translate each instruction that is not in a region yet when it is first reached. */
  readonly atFirstSight?: boolean;
  /** Drop regions at random, from this seed. */
  readonly evictionSeed?: number;
}

/** Tuning for use. */
export const defaultTuning: TranslatorTuning = {
  threshold: 2,
  batch: 64,
  patience: 3,
  longestWait: 192,
  regionLimit: 256,
  joinedLimit: 800,
  joinThreshold: 1_000_000,
  onlyExecuted: true,
  maximumRegions: 60_000,
  maximumModules: 2_000,
  exactBudget: false,
};
