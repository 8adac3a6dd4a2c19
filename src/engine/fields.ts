// The `Fields` argument of meanings: one object for all rows.
import type { Field, Fields } from '../isa/builder.ts';
import type { FieldName } from '../isa/field.ts';

const known = new Map<string, Field>();

/** Fields by name; a builder refuses one that the row's pattern lacks. */
export const fields: Fields = new Proxy({} as Fields, {
  get(_target, name: string): Field {
    let field = known.get(name);
    if (!field) {
      // The compiler admits only names of `FieldName` here.
      field = { name: name as FieldName };
      known.set(name, field);
    }
    return field;
  },
});
