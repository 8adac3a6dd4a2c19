// Reads the engine's generated code from where the build has put it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type EngineImages, interpreterModes } from '../engine/engine.ts';
import type { HandlerMap } from '../engine/interpreter/handler-map.ts';

const dist = new URL('../../', import.meta.url);

function read(path: string): Buffer {
  return readFileSync(fileURLToPath(new URL(path, dist)));
}

/** The data plane and the interpreters. Throws when the program was not built. */
export function loadEngineImages(): EngineImages {
  const modules = Object.keys(interpreterModes).map((name) => [name, read(`engine-images/${name}.wasm`)] as const);
  // The build writes the map that `generateInterpreter` returned.
  const handlers = JSON.parse(read('engine-images/handlers.json').toString('utf8')) as HandlerMap;
  return {
    dataPlane: read('assembly/data-plane.wasm'),
    interpreters: { handlers, modules: Object.fromEntries(modules) },
  };
}
