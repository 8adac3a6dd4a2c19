// WebAssembly features that Node.js has behind a flag of its JavaScript engine.
import { setFlagsFromString } from 'node:v8';

/**
 * Turns relaxed SIMD on (part of WebAssembly 3.0, on by default from V8 11.4). The engine tests what it does before it uses it.
 * Call it before the first module is compiled.
 */
export function enableRelaxedSimd(): void {
  setFlagsFromString('--experimental-wasm-relaxed-simd');
}
