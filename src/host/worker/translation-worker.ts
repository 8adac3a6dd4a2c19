// The Worker that translates for a machine. This is a program, not a module to import: it starts at once with its workerData.
import { workerData } from 'node:worker_threads';
import { BatchCompiler, type TranslationOrder } from '../../engine/translator/batch-compiler.ts';
import { compileNow } from '../../engine/translator/translator.ts';
import type { TranslationAnswer, TranslationStart } from './translation-link.ts';

function answerTo(compiler: BatchCompiler, order: TranslationOrder): TranslationAnswer {
  try {
    return { kind: 'batch', ...compileNow(compiler, order) };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function main({ memory, setup, port, answers }: TranslationStart): void {
  const compiler = new BatchCompiler(memory.buffer, setup);
  const count = new Int32Array(answers);
  port.on('message', (order: TranslationOrder) => {
    port.postMessage(answerTo(compiler, order));
    Atomics.add(count, 0, 1);
  });
}

// workerData is what src/host/worker/translation-thread.ts passes.
main(workerData as TranslationStart);
