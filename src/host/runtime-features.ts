// What Node.js has behind a flag of its JavaScript engine, V8. Flags hold for all threads of the process.
import { setFlagsFromString } from 'node:v8';

/**
 * Turns relaxed SIMD on (part of WebAssembly 3.0, on by default from V8 11.4). The engine tests what it does before it uses it.
 * Call it before the first module is compiled.
 */
export function enableRelaxedSimd(): void {
  setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/**
 * Has V8 optimize functions of JavaScript without those that they call inside them. The translator of guest code is many small
 * functions that call each other: optimizing each along with others costs more time than all translation while a guest starts, on the
 * processor that compiles the guest's code, and what comes of it is no faster. WebAssembly, which guests run as, is not concerned.
 */
export function optimizeWithoutInlining(): void {
  setFlagsFromString('--no-turbo-inlining');
}
