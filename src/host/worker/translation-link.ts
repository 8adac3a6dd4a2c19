// What a machine's thread and the thread that translates for it share: the messages, and a count of answers.
import type { MessagePort } from 'node:worker_threads';
import type { BatchCompilerSetup } from '../../engine/translator/batch-compiler.ts';
import type { CompiledBatch } from '../../engine/translator/translator.ts';

/** What the translating Worker is started with; `port` is transferred. Orders come, and answers go, by that port. */
export interface TranslationStart {
  readonly memory: WebAssembly.Memory;
  readonly setup: BatchCompilerSetup;
  readonly port: MessagePort;
  /** An Int32Array of one word: answers given so far. A machine asks often whether there is one. */
  readonly answers: SharedArrayBuffer;
}

/** An answer to a `TranslationOrder`. */
export type TranslationAnswer =
  | (CompiledBatch & { readonly kind: 'batch' })
  | { readonly kind: 'failed'; readonly message: string };
