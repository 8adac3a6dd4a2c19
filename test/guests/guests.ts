// All test guests.

import { entryGuest } from './entry.ts';
import type { Guest } from './guest-case.ts';
import { editionOf } from './model.ts';
import { setModeGuests } from './set-mode.ts';
import { vectorGuest } from './vectors.ts';

/** Every guest, made anew. */
export function allGuests(): readonly Guest[] {
  return [...Object.keys(editionOf).map(entryGuest), ...setModeGuests(), ...Object.keys(editionOf).map(vectorGuest)];
}
