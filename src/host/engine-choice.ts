// The way to run guest code that the environment variable CONTINUO_ENGINE names: for tests in every mode.
import { type EngineKind, engineKinds } from '../engine/engine-kind.ts';

/** The variable's name. */
export const engineVariable = 'CONTINUO_ENGINE';

/** The kind with this name. */
export function findEngineKind(name: string): EngineKind | undefined {
  return engineKinds.find((kind) => kind === name);
}

/** What the variable asks for; undefined when it is not set. Throws a RangeError when it names nothing. */
export function engineFromEnvironment(): EngineKind | undefined {
  const name = process.env[engineVariable];
  if (name === undefined || name === '') return undefined;
  const kind = findEngineKind(name);
  if (kind === undefined)
    throw new RangeError(`${engineVariable}=${name}: one of ${engineKinds.join(', ')} is expected`);
  return kind;
}
