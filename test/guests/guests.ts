// All test guests.
import type { Guest } from './guest-case.ts';
import { editionOf } from './model.ts';
import { vectorGuest } from './vectors.ts';

/** Every guest, made anew. */
export function allGuests(): readonly Guest[] {
  return Object.keys(editionOf).map(vectorGuest);
}
