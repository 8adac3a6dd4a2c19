// A thread that translates, as a machine sees it, without a thread: answers come after a random number of questions, the same
// in each run.
import type { StartTranslationThread } from '../src/engine/engine.ts';
import { BatchCompiler } from '../src/engine/translator/batch-compiler.ts';
import { type CompiledBatch, compileNow } from '../src/engine/translator/translator.ts';
import { Random } from './translator-fuzz/random.ts';

/** Most questions before an answer. */
const longestDelay = 40;

/** Makes such threads. The code is read at once or only when the answer is due, as a thread may do either. */
export function delayedTranslation(seed: number): StartTranslationThread {
  const random = new Random(seed);
  return ({ buffer }, setup) => {
    const compiler = new BatchCompiler(buffer, setup);
    let answer: (() => CompiledBatch) | undefined;
    let delay = 0;
    return {
      submit: (order) => {
        const compile = () => compileNow(compiler, order);
        const early = random.chance(0.5) ? compile() : undefined;
        delay = random.below(longestDelay);
        answer = () => early ?? compile();
      },
      take: () => {
        if (!answer || delay-- > 0) return undefined;
        const batch = answer();
        answer = undefined;
        return batch;
      },
    };
  };
}
