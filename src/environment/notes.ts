// Collects the reasons, warnings and origins of what is decided about an environment.
import type { Reason } from './reasons.ts';
import { nearest } from './text.ts';
import type { Provenance } from './types.ts';

/** @returns ` (did you mean …?)` for the nearest known word, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

/** @returns a word of the user, cut short for a message. */
export function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Collects reasons and the provenance of what is decided. */
export class Notes {
  readonly reasons: Reason[] = [];
  readonly warnings: Reason[] = [];
  readonly provenance: Record<string, Provenance> = {};

  refuse(code: Reason['code'], option: string, message: string): void {
    this.reasons.push({ code, option, message });
  }
  note(member: string, from: Provenance['from'], detail: string): void {
    this.provenance[member] = { from, detail };
  }
}
