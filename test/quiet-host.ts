// A host without time, input and chance of its own, for machines whose runs must repeat.
import type { EngineImages } from '../src/engine/engine.ts';
import type { MachineHost } from '../src/machine/machine-api.ts';

/** A host whose clock stands, whose random bytes are all 1, and which never asks to stop; `parts` say what it does otherwise. */
export function quietHost(engineImages: EngineImages, parts: Partial<MachineHost> = {}): MachineHost {
  return {
    engineImages,
    console: outputOnly(() => {}),
    monotonicNanoseconds: () => 0,
    randomBytes: (into) => into.fill(1),
    idle: () => {},
    stopRequested: () => false,
    log: () => {},
    ...parts,
  };
}

/** A console without input that hands on what is written. */
export function outputOnly(write: (bytes: Uint8Array) => void): MachineHost['console'] {
  return { read: () => 0, hasInput: () => false, write };
}
