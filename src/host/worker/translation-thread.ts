// Starts the Worker that translates for a machine, and talks to it without ever waiting.
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { StartTranslationThread } from '../../engine/engine.ts';
import type { TranslationAnswer, TranslationStart } from './translation-link.ts';

const workerProgram = new URL('./translation-worker.js', import.meta.url);

/**
 * Makes the function that starts a thread for one engine after the other: the thread of the engine before ends when another
 * one is started. A thread does not keep the process alive, and ends with the thread that has started it.
 */
export function translationThreads(): StartTranslationThread {
  let before: Worker | undefined;
  return (memory, setup) => {
    void before?.terminate();
    const { port1, port2 } = new MessageChannel();
    const answers = new SharedArrayBuffer(4);
    const start: TranslationStart = { memory, setup, port: port2, answers };
    const worker = new Worker(workerProgram, { workerData: start, transferList: [port2] });
    worker.unref();
    port1.unref();
    before = worker;
    const count = new Int32Array(answers);
    let taken = 0;
    let failure: string | undefined;
    // A thread that runs out of memory, for one, can't say so by its port.
    worker.on('error', ({ message }) => {
      failure = message;
    });
    return {
      submit: (order) => port1.postMessage(order),
      take: () => {
        if (failure !== undefined) throw new Error(`the translating thread has ended: ${failure}`);
        if (Atomics.load(count, 0) === taken) return undefined;
        // The port carries what translation-worker.ts sends, and nothing else.
        const received = receiveMessageOnPort(port1) as { readonly message: TranslationAnswer } | undefined;
        if (!received) return undefined;
        taken++;
        const { message } = received;
        if (message.kind === 'failed') throw new Error(`the translating thread has failed: ${message.message}`);
        return message;
      },
    };
  };
}
