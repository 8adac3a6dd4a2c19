// The stable JSON of decisions: docs/schema/decision.schema.json and docs/schema/migration.schema.json.
import type { Decision } from '../environment/index.ts';

/** @returns what `--json` prints for a decision. */
export function decisionJson(decision: Decision): object {
  const { verdict, reasons, warnings, fix, environment, provision, possible } = decision;
  return {
    verdict,
    reasons,
    warnings,
    ...(fix === undefined ? {} : { fix }),
    ...(possible ? { environment } : {}),
    ...(provision === undefined ? {} : { provision }),
  };
}
