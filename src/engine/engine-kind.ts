// The ways to run guest code: interpreted, translated when hot, or translated at first sight to find mistakes.
import { defaultTuning, type TranslatorTuning } from './translator/translator-tuning.ts';

/** Names of the ways to run guest code. */
export const engineKinds = ['translator', 'interpreter', 'stress'] as const;

/** A name of {@link engineKinds}. */
export type EngineKind = (typeof engineKinds)[number];

/** Translates all code when it is first reached, in tiny regions that are dropped at random. */
export const stressTuning: TranslatorTuning = {
  ...defaultTuning,
  threshold: 1,
  batch: 64,
  patience: 1,
  regionLimit: 16,
  joinedLimit: 64,
  joinThreshold: 1,
  onlyExecuted: false,
  maximumRegions: 8_000,
  atFirstSight: true,
  evictionSeed: 1,
};

/** Tuning of the translator for a way to run; undefined where nothing is translated. */
export function tuningOf(kind: EngineKind): TranslatorTuning | undefined {
  if (kind === 'interpreter') return undefined;
  return kind === 'stress' ? stressTuning : defaultTuning;
}
