// What a meaning does to the flow of control, for whoever runs or translates it.
import type { FieldName } from '../../isa/field.ts';

/** What a meaning does to the flow of control, found while it is built. */
export interface MeaningFlow {
  /** Field of a branch relative to the instruction. */
  relative: FieldName | undefined;
  /** It branches to an address that is not relative to its own. */
  indirect: boolean;
  /** Control never reaches the end of the meaning. */
  ends: boolean;
  /** It can change MSR, must see NIP, or hands over to the machine. */
  leaves: boolean;
  /** Where control goes on is looked at behind it: context, code or NIP may have changed. */
  changesContext: boolean;
  /** It may take translations away. */
  changesTranslation: boolean;
  /** It stores where a reservation was kept. */
  storesConditionally: boolean;
}
