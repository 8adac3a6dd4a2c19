// Which handler of the generated interpreters executes a variant of an instruction.
import { specialHandler } from '../../cpu/memory-map.ts';
import { variantKey } from '../variants.ts';
import type { Variant } from './variant-code.ts';

/** Number of the first handler of an instruction: those before it are special. */
export const firstHandler = Object.keys(specialHandler).length;

/** Which handler executes a variant: `far` for any branch target, `near` for one in the same page (−1: none). */
export interface HandlerNumbers {
  readonly far: number;
  readonly near: number;
}

/** Handlers by row index and variant key; a plain object, so that it can be stored beside the modules. */
export type HandlerMap = Readonly<Record<string, HandlerNumbers>>;

/** Key of a handler map. */
export function handlerKey(rowIndex: number, variant: string): string {
  return `${rowIndex}:${variant}`;
}

/** A variant that the main function has code for; `near`: for targets in the same page. */
export interface MainHandler extends Variant {
  readonly near: boolean;
}

/** The map of handlers that are numbered in this order: those of the main function, then those of functions of their own. */
export function handlerMap(mainHandlers: readonly MainHandler[], cold: readonly Variant[]): HandlerMap {
  const map: Record<string, HandlerNumbers> = {};
  mainHandlers.forEach((item, i) => {
    const key = handlerKey(item.rowIndex, variantKey(item.fixed));
    map[key] = item.near ? { far: map[key]?.far ?? -1, near: firstHandler + i } : { far: firstHandler + i, near: -1 };
  });
  cold.forEach((item, i) => {
    map[handlerKey(item.rowIndex, variantKey(item.fixed))] = { far: firstHandler + mainHandlers.length + i, near: -1 };
  });
  return map;
}
