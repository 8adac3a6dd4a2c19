// Reads the engine's generated code from where the build has put it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineImages } from '../engine/engine.ts';

const folder = fileURLToPath(new URL('../../assembly/', import.meta.url));

/** The data plane and, where the build made them, the interpreters. Throws when the program was not built. */
export function loadEngineImages(): EngineImages {
  return { dataPlane: readFileSync(join(folder, 'data-plane.wasm')) };
}
