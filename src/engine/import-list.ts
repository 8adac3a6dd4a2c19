// The imports of a generated module, listed in the order of their first use.
import { type FunctionName, functions } from '../isa/functions.ts';
import { type CoreImport, coreImports } from './environment-imports.ts';
import type { FunctionType } from './wasm/writer.ts';

/** Gives the index of an imported function by its name. */
export interface Importer {
  core(name: CoreImport): number;
  dataPlane(name: FunctionName): number;
}

/** Gives function indices and remembers what was asked for. */
export class ImportList implements Importer {
  readonly #indices = new Map<string, number>();
  readonly list: { name: string; type: FunctionType }[] = [];

  #index(name: string, type: FunctionType): number {
    let index = this.#indices.get(name);
    if (index === undefined) {
      index = this.list.length;
      this.#indices.set(name, index);
      this.list.push({ name, type });
    }
    return index;
  }
  core(name: CoreImport): number {
    return this.#index(name, coreImports[name]);
  }
  dataPlane(name: FunctionName): number {
    const signature = functions[name];
    return this.#index(name, {
      params: ['i32', ...signature.params],
      results: signature.result ? [signature.result] : [],
    });
  }
}
